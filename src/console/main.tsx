import { render } from "preact"
import { App } from "./App.tsx"
import { Feed } from "./feed/Feed.ts"
import { Sights } from "./feed/Sight.ts"
import { applyTheme } from "./parts/HelpDialog.tsx"

applyTheme()
const sights = new Sights()
const feed = new Feed(sights)
feed.start()
render(<App sights={sights} feed={feed} />, document.getElementById("console")!)
