import chromium from "@sparticuz/chromium"
import { type Browser, type BrowserContextOptions, chromium as playwright, type Page } from "playwright-core"

/** Chromium that comes as a package, or why it does not start here. */
export const launch = async (): Promise<Browser | string> => {
  try {
    const executablePath = await chromium.executablePath()
    // Not the package's own flags: they switch off what pages are protected by.
    return await playwright.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })
  } catch (failure) {
    return String(failure).split("\n", 1)[0]!
  }
}

export interface Opened {
  readonly page: Page
  /** What the browser complained about: errors of scripts, refusals by the policy, requests that failed. */
  readonly complaints: Array<string>
}

/** A page in a context of its own. The locale is explicit: that of a machine without one is no valid tag. */
export const openPage = async (browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> => {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", viewport: { width: 1400, height: 1000 }, ...options })
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(String(error)))
  await page.goto(url)
  return { page, complaints }
}
