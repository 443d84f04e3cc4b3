// Package reentry is what the go command starts of cohort: exec-test in the place of a test binary,
// exec-tool before each of its own tools. Both talk to the cohort that started the go command,
// through the socket that the environment names; package gotest is the other end.
//
// They run once per package and once per tool, several hundred times in a build. So this package
// imports nothing whose initialisation takes time (net, encoding/json, ...), and its client side of
// the socket is a few system calls. A test holds the list of its imports.
package reentry
