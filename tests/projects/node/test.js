const { execFileSync } = require("child_process");
const said = execFileSync(process.execPath, ["dist/greet.js"]).toString();
if (said !== "hello 4 1d\n") throw new Error(said);
