// Package stream joins the output of many processes of a test binary to the one stream that the
// go command expects: one that looks like one run of that binary. It knows lines and whose they
// are, and writes to the writer that it is given.
package stream
