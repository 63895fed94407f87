console.log("weir")
