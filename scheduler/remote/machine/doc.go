// Package machine decides what the machines of a run on many machines do. It is pure: time is an
// argument, and what is to be done is returned.
//
// An [Agent] takes work and gives results, on each machine; a [Leader] hands out work and takes
// results, on the one that leads. Both are told what has happened by their methods, and what is to
// be done then comes from Due, at the latest at the time that Next names. An act that Due has
// returned is done once, and the method that its comment names is called with what came of it,
// while other acts go on.
package machine
