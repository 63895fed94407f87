// `node bin/node.js scripts/screenshot.ts URL [FILE]`: a picture of the console of a control plane that runs (`npm run demo -- --keep`
// leaves one running), for the README. Waits for a comparison with a verdict, since that is what there is to see.
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import chromium from "@sparticuz/chromium"
import { chromium as playwright } from "playwright-core"

const [url, file = fileURLToPath(new URL("../docs/images/console.png", import.meta.url))] = process.argv.slice(2)
if (url === undefined) {
  console.error("screenshot: which console? node bin/node.js scripts/screenshot.ts http://127.0.0.1:4319/ [FILE]")
  process.exit(64)
}
const patience = 300_000

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: ["--no-sandbox", "--disable-gpu"] })
const page = await browser.newPage({ locale: "en-GB", viewport: { width: 1240, height: 980 }, colorScheme: "light" })
await page.goto(url)
await page.locator("#rollouts .judged .bar").first().waitFor({ timeout: patience })
await page.locator("#agents tbody tr").first().waitFor()
mkdirSync(dirname(file), { recursive: true })
await page.screenshot({ path: file })
await browser.close()
console.log(file)
