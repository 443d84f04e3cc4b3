// Package cover makes of coverage profiles what people and tools ask of them: percentages, the
// changed lines that no test runs, and the files that CI systems read. All of it is a function of
// its arguments: nothing is read from a disk or run here.
package cover
