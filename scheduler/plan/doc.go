// Package plan decides which tests an idle worker should run next. It starts nothing and reads no
// clock: the scheduler tells it what happened and when, and the same calls give the same batches.
//
// # The question
//
// A package's units can run in one process or in many. Every process costs a start (3 ms for small
// test binaries, 75 ms for large ones), which speaks for few and large batches; no worker should
// wait for another at the end of the run, which speaks for many and small ones. How long tests take
// is known from the history, or not at all.
//
// # The answer
//
// Work is handed out in rounds, as in factoring (Hummel, Schonberg, Flynn 1992): in a round each
// batch gets the same share of what was there when the round began, and the next round has smaller
// shares. So large batches come first and small ones level the end. share.go computes it:
//
//   - With durations known, a round hands out three quarters. Once a further round could gain less than the
//     process starts it costs, the round hands out everything.
//   - With durations unknown it hands out half, or a little less, counting tests instead of time.
//
// cut.go cuts a batch of that size from a package. A package that is no larger runs in one process.
// A unit of more than half a share runs alone; of everything that could start, the longest does.
// Batches have at least ten times the price of a process (short ones twenty times) while other
// packages wait or are being built, and three times if nothing else is there to do: then a worker
// has no better use, but cores are shared and starting is not free.
//
// # Packages never seen before
//
// A needless process costs a start, but a slow package that runs in one process costs the run its
// whole duration. So a first batch, the probe, shows what the tests take: the rest waits until it
// ends, or has run for probeWindow without ending. A probe that has not ended by then is evidence
// of slow tests: the time that has passed is a lower bound of what they take, and idle workers get
// the rest. Whether the go command is building other packages, which is seldom known ([Supply]),
// does not matter for that: slow tests are worth their processes in any case.
//
// What probes of trivial packages cost is bounded. Every process that turns out to have been
// needless is charged, and a run pays wasteAtOnce and a small part of its time (see allowance).
// That is enough to probe every package of most repositories, and of a thousand trivial packages
// some hundred and twenty. After that, and while other packages queue for workers anyway, a package runs whole
// if what others of this run took suggests that it is cheap.
//
// A rest that looks quick may still hide slow tests. Where no core can be busy with a build, idle
// workers get a part each; where one may be, they do so for packages of many tests, as long as a
// third of the allowance lasts.
//
// # Processes that live on
//
// A process under the race detector sleeps for a second when its tests have ended (Config.End).
// Where workers wait for that (Package.Held) it is part of a process's price, and batches are large
// and few. Where they go on, it costs no time but memory, and a small part of it counts, which
// bounds how many such processes there are.
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
