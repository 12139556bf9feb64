// Writes one script that says how wide a greeting is, and how long a day.
const fs = require("fs");
const ms = require("ms");
const width = require("string-width");
fs.mkdirSync("dist", { recursive: true });
const line = `console.log("hello", ${width("漢字")}, ${JSON.stringify(ms(86400000))});\n`;
fs.writeFileSync("dist/greet.js", line);
