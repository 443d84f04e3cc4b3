package main

import (
	_ "unsafe" // for go:linkname
)

// shownPrefix is the path that testjson leaves out in front of those of packages: that of the module
// around the folder in which the program began. testjson has no way to set it, and an archive holds
// another module. It is set once, before any goroutine reads it; TestScripts/archive sees whether it
// still has its effect.
//
//go:linkname shownPrefix gotest.tools/gotestsum/testjson.pkgPathPrefix
var shownPrefix string
