// Opens pages in a browser that can reach nothing, in every form that a reader may see, and says what is wrong. The light form is asked
// every rule of the checker, another form those that can turn out otherwise in it. PICTURES is a folder, or empty for none.
//
//   node pages.cjs CHROMIUM PICTURES PAGE.html...
'use strict';

const { mkdirSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');
const axe = require('axe-core');

const [executablePath, pictures, ...pages] = process.argv.slice(2);

const FORMS = [
  { name: 'light', width: 1180, height: 900, colorScheme: 'light', media: 'screen', rules: null },
  { name: 'dark', width: 1180, height: 900, colorScheme: 'dark', media: 'screen', rules: ['color-contrast', 'link-in-text-block'] },
  { name: 'narrow', width: 360, height: 740, colorScheme: 'light', media: 'screen', rules: ['target-size', 'scrollable-region-focusable'] },
  { name: 'print', width: 794, height: 1123, colorScheme: 'dark', media: 'print', rules: [] },
];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
// In points, as a PDF counts.
const A4 = { width: 595, height: 842 };

let checks = 0;
const wrong = [];
const check = (holds, what) => {
  checks += 1;
  if (!holds) wrong.push(what);
};

// What a page does by itself: requests other than for itself, and words on the console.
const watch = (page, url, where) => {
  page.on('request', (request) => check(request.url() === url, `${where}: asked for ${request.url()}`));
  page.on('pageerror', (error) => check(false, `${where}: ${error.message}`));
  page.on('console', (message) => check(false, `${where}: on the console: ${message.text()}`));
};

const sizes = (pdf) => {
  const boxes = pdf.toString('latin1').matchAll(/\/MediaBox\s*\[\s*[\d.]+\s+[\d.]+\s+([\d.]+)\s+([\d.]+)\s*\]/g);
  return [...boxes].map((box) => [Number(box[1]), Number(box[2])]);
};

// With every fold open: the checker passes over what it can't see.
const violations = async (page, where, rules) => {
  const runOnly = rules === null ? { type: 'tag', values: TAGS } : { type: 'rule', values: rules };
  const options = { runOnly, resultTypes: ['violations'] };
  const found = await page.evaluate(async (given) => {
    const folds = [...document.querySelectorAll('details:not([open])')];
    for (const fold of folds) fold.open = true;
    const result = await globalThis.axe.run(given);
    for (const fold of folds) fold.open = false;
    return { passes: result.passes.length, violations: result.violations };
  }, options);
  check(found.passes > (rules === null ? 10 : 0), `${where}: the checker looked at nothing`);
  for (const violation of found.violations) {
    const nodes = violation.nodes.slice(0, 5).map((node) => `      ${node.target} ${node.failureSummary ?? ''}`);
    check(false, `${where}: ${violation.id}: ${violation.help}\n${nodes.join('\n')}`);
  }
};

const look = async (page, name, form) => {
  const where = `${name}, ${form.name}`;
  await page.setViewportSize({ width: form.width, height: form.height });
  await page.emulateMedia({ media: form.media, colorScheme: form.colorScheme });
  if (form.rules === null || form.rules.length > 0) await violations(page, where, form.rules);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}-${form.name}.png`), fullPage: true });
  if (form.media === 'print') {
    await paper(page, name, where);
    return;
  }
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  check(inner <= outer, `${where}: ${inner - outer} pixels stand out on the right`);
};

const paper = async (page, name, where) => {
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  if (pictures) writeFileSync(join(pictures, `${name}.pdf`), pdf);
  const found = sizes(pdf);
  const fits = ([width, height]) => Math.abs(width - A4.width) < 2 && Math.abs(height - A4.height) < 2;
  check(found.length > 0 && found.every(fits), `${where}: the pages aren't A4: ${JSON.stringify(found.slice(0, 3))}`);
  // What is fine print on a screen is left out on paper; every answer is there, folded or not.
  const hidden = await page.evaluate(
    () => [...document.querySelectorAll('details:not(.fine) > :not(summary, .lines)')].filter((part) => !part.checkVisibility({ contentVisibilityAuto: true })).length,
  );
  check(hidden === 0, `${where}: ${hidden} parts of folded sections aren't printed`);
};

// Every form in one window: what is loaded is the same.
const forms = async (browser, file) => {
  const url = pathToFileURL(file).href;
  const context = await browser.newContext({ offline: true, bypassCSP: true });
  const page = await context.newPage();
  const name = basename(file, '.html');
  watch(page, url, name);
  await page.goto(url);
  // The page's own policy forbids scripts; the checker is ours and goes past it.
  await page.evaluate(axe.source);
  for (const form of FORMS) await look(page, name, form);
  await context.close();
};

// As a reader has it: the page's own policy holds, and there are no scripts at all.
const plain = async (browser, file) => {
  const where = `${basename(file)}, without scripts`;
  const url = pathToFileURL(file).href;
  const context = await browser.newContext({ javaScriptEnabled: false, offline: true });
  const page = await context.newPage();
  watch(page, url, where);
  await page.goto(url);
  const main = await page.locator('main').innerText();
  check(main.length > 500, `${where}: there is nothing to read`);
  // A style that the policy refuses leaves the browser's own: black serif letters on nothing.
  const height = await page.locator('.defs').boundingBox();
  check(height !== null && height.height === 0, `${where}: the style isn't applied`);
  if (basename(file).startsWith('unverified')) {
    check((await page.title()).startsWith('UNVERIFIED'), `${where}: the title doesn't say so`);
    check((await page.locator('body').innerText()).includes('UNVERIFIED'), `${where}: the page doesn't say so`);
  }
  await context.close();
};

(async () => {
  if (pictures) mkdirSync(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  console.log(`chromium:  ${browser.version()}\naxe-core:  ${axe.version}`);
  try {
    for (const file of pages) {
      const before = wrong.length;
      await forms(browser, file);
      await plain(browser, file);
      console.log(`  ${wrong.length === before ? 'ok' : 'FAILED'}: ${basename(file)}`);
    }
  } finally {
    await browser.close();
  }
  for (const each of wrong) console.error(`  ${each}`);
  if (wrong.length > 0) process.exit(1);
  console.log(`ok: ${checks} checks of ${pages.length} pages`);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
