// Package plan decides which tests an idle worker should run next. It starts nothing and reads no clock: the
// scheduler tells it what happened and when, and the same calls give the same batches.
//
// # The question
//
// A package's units can run in one process or in many. Every process costs a start (3 ms for small test binaries,
// 75 ms for large ones), which speaks for few and large batches; no worker should wait for another at the end
// of the run, which speaks for many and small ones. How long tests take is known from the history, or not at all.
//
// # The answer
//
// Work is handed out in rounds, as in factoring (Hummel, Schonberg, Flynn 1992): in a round each batch gets the same share
// of what was there when the round began, and the next round has smaller shares. So large batches come first and
// small ones level the end. share.go computes it:
//
//   - With durations known, a round hands out three quarters. Once a further round could gain less than the
//     process starts it costs, the round hands out everything.
//   - With durations unknown it hands out half, or a little less, counting tests instead of time.
//
// cut.go cuts a batch of that size from a package. A package that is no larger runs in one process. A unit of more
// than half a share runs alone; of everything that could start, the longest does. Batches have at least ten times
// the work of a process start (short ones twenty times) while other packages wait or are being built, and three times
// if nothing else is there to do: then a worker has no better use, but cores are shared and starting is not free.
//
// # Packages never seen before
//
// A guess costs either a needless process per package (tiny, but there may be thousands) or a slow package that is
// stuck in one process (rare, but it decides how long the run takes). While many packages wait, one that others of
// this run suggest to be cheap runs whole. Else a first batch, the probe, shows what its tests take: the rest
// waits until the probe ends, or has run for probeWindow without ending. After that the time that has passed is a
// lower bound to cut by.
//
// # Many machines
//
// [PlanShards] divides a suite among machines that do not talk to each other: each computes the
// same plan from the same units and history, and proves it by the plan's digest. shardcut.go cuts
// and deals out, shardplan.go is the plan as a file, shardenv.go asks the CI system which part this
// machine is.
//
// # Locks
//
// [Locks] decides whether a process that holds names may start while others run.
package plan
