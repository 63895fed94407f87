// `node bin/node.js FILE [ARGS]`: FILE on a Node that is new enough (see launch.js).
import { resolve } from "node:path"
import { launch } from "./launch.js"

launch(resolve(process.argv[2]), process.argv.slice(3))
