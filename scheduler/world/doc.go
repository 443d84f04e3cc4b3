// Package world starts what tests need before they run, and ends it afterwards: databases, services,
// containers. It runs the commands of set-ups and tear-downs and reads the variables that they hand
// to the tests.
//
// What happens when is decided by [State], which is pure: it knows what has been started, what is
// ready, and what has failed. A [Runner] runs the commands, one at a time for each part that State
// names, and keeps what each has written. Neither knows tests.
//
//   - A set-up of the run is started when the first process needs it, once; one of a worker when the
//     first process of that worker needs it, once for that worker.
//   - A set-up of a worker that is one of each attempt is started anew for each process that needs it:
//     what stands there for another attempt is torn down first, when that one's process has ended.
//   - Each set-up sees what those before it have written. A worker's come after the run's.
//   - Whatever was started is torn down, also if it failed, once, and only when no process runs that
//     may use it: first what depends on others, then those. What a set-up has left running in its own
//     process group is killed after its tear-down, so that nothing outlives the run.
package world
