// Package record reads and writes the file that holds a run: all that happened in it, so that every
// report, on any machine and at any time, is a function of records.
//
// A record is a zip archive. Its entries, in this order:
//
//	cohort.json       what the file is; the first entry, not compressed
//	events.jsonl      what the go command and the reruns printed
//	processes.jsonl   the test processes
//	coverage.out      the coverage profile; only if the run had one
//	history.json      what the run adds to the history of its module; absent where cohort did not run the tests
//	manifest.json     what is known at the end; the last entry
//
// A long run alternates: events.jsonl, processes.jsonl, events.2.jsonl, processes.2.jsonl and so on.
// The parts of one kind are one text, in the order of their numbers; neither kind need have parts.
// A record is written as its run goes: events are in the file two seconds after they came, processes
// half a minute after they ended. Only one with a manifest is complete; [Recover] reads another as far
// as it goes.
//
// # cohort.json
//
//	format   "cohort record"
//	version  of the format: 2. A reader refuses a higher one and reads every lower one.
//	start    when the run began, RFC 3339
//	shard    which part of a suite the run is of, as in 2/5; absent for all of it
//
// # events.jsonl
//
// A line is either one that a go command wrote to its stdout, unchanged, or an object whose first
// key is "cohort". A line of the go command that does not begin with { and end with }, or that begins
// with {"cohort", is written as an object of the second kind. The value of "cohort" is one of:
//
//	stream  from here on lines belong to the stream "id". A stream that comes up for the first time
//	        has "attempt" (0: the first pass; else the number of the rerun) and for a rerun "package",
//	        "unit" (a group or test, absent for the package as a whole) and "tests" (the root tests
//	        that it is of; absent: all of the package).
//	stdout  a line of the stream's stdout that is no event: "text", or "base64" for one that is not
//	        UTF-8. "open" is true if no newline came after it.
//	stderr  a line of the stream's stderr, in the same form
//	log     a message of cohort's own, in the same form, as it was printed
//
// Of the output of one test in one stream a record may have the first and the last part only. Then the
// last part comes before the test's end, or before that of its package or stream; and before it there
// is an output event of the test whose Key is cohort-missing. Its Output says in words what is missing
// in its place, its Value in numbers: the events and the bytes of their output.
//
// Events do not name the process that they came from. Their process is the one of the same package
// and attempt that ran the event's root test: [Reader.Events] joins them.
//
// # processes.jsonl
//
// A line is a process that has ended, or that was running when the run ended:
//
//	number   of the process in the run; from 0
//	worker   the worker it ran on; from 0
//	package  import path
//	kind     what it was started for: first, attempt, baseline or probe (whose output is in no stream)
//	attempt  0 for the first
//	group    the declared group that it ran, absent for none
//	seed     its -test.shuffle value, absent for source order
//	command  what repeats it, for a shell, absent if not known
//	start, end   RFC 3339; end is absent if the process had not ended
//	exit     exit code; signal: the name of the signal that ended it, absent for none
//	cpu      seconds of CPU time, user and system
//	maxrss   peak memory in bytes, 0 if not known
//	machine  where it ran, of a run on several machines
//	tests    in the order in which they began: name, start, elapsed (seconds), result (pass, fail,
//	         skip; absent if the test did not end)
//
// # history.json
//
// One object, whose "runs" are one run, or of merged records all of theirs:
//
//	id, start  the run's own id, and when it began, RFC 3339
//	seed       of the order, absent for source order
//	variant    what makes the same tests take other times, as in race,short; absent for a plain run
//	packages   of each: path, startup (from the start of a process to its first test), tests and debts.
//	           Durations are microseconds.
//	tests      of each, run or not: name, outcomes (in the order in which they ended: attempt, absent for the
//	           first; result: pass, fail or skip) and what the executions took: good (passes and skips)
//	           and bad (failures). A subtest is there if its test may be split.
//	debts      what has to run again: bad and good (tests that do, and that do not), failed (all of the
//	           package does), passed (nothing of it does)
//
// # manifest.json
//
//	version    as in cohort.json
//	cohort     version of cohort; go: what go version says; system: os, arch, cpus
//	arguments  the command line after "cohort"
//	command    what follows cohort's flags in it: arguments of go test, or the raw command
//	flags      what the flags of the output were in the end: a replay sets them
//	env        the variables of cohort's own (COHORT_...) that were set. No others are in a record.
//	run        the run's own id, as tests see it in COHORT_RUN_ID
//	shard      of a run of a part of a suite: index (from 1; 0: all parts, merged), count, digest (of the
//	           plan), plan (all of it, as cohort tool plan --json prints it), idle (packages that
//	           may pass without running a test, since they have a TestMain or run under -exec) and goEnv
//	           (short hashes of settings that go env names, such as GOFLAGS: shards with others are no one run)
//	module     import path; source: a hash of the source; history: the SHA-256 of the history's file
//	           before the run, absent for none
//	seed       of the order, absent for source order; workers: how many
//	start, end RFC 3339
//	builds     when compilers and linkers ran: start, end, compiling and linking (nanoseconds of all of
//	           them together), uncached (the link cache was off)
//	verdict    exit (the exit code), signal (number of the signal that ended the run, absent for none),
//	           lost (what the run had lost, which ended it, absent for nothing),
//	           first (exit code of the first pass, -1: could not be done, for the reason in problem),
//	           refused (why failures were not run again), broken (why reruns ended early), errors (what
//	           cohort reported), flaky and failed (the units: package, name, tests, attempts, command,
//	           again, alone, note, machine), seed (the one to repeat the order with), more (the command that runs
//	           all failures again), order (the units whose result depends on the order: package, name,
//	           tests, alone, hunt, keep), excused (units: as failed, and known),
//	           ready and inQuarantine (tests in quarantine), slow and slowest (tests: package, test, nanoseconds),
//	           setups (set-ups and tear-downs: name, worker (-1: of the whole run), for, tearDown, command, problem,
//	           warning, output, start, nanoseconds),
//	           annotations (what was printed for GitHub), coverage (absent unless a minimum was asked for:
//	           total and changed, each with the minimum and what is covered of what; incomplete: the run
//	           failed)
//	packages   of each: path, passed, start, end, binary (the build ID of the test binary), estimate (seconds),
//	           units (name, tests, group, labels, owner, locks, serial)
//	entries    of each entry before the manifest: name, size (of its content) and packed, the SHA-256 of the
//	           bytes that the archive holds of it. In version 1 sha256, that of its content, is in its place.
//
// The archive's comment is "cohort record sha256:" and the hash of manifest.json. The hashes tell of
// damage and of edits by hand; they are no signature. Compressed entries are deflated.
package record

// Version is the version of the format that this package writes.
const Version = 2

const (
	formatName    = "cohort record"
	startEntry    = "cohort.json"
	manifestEntry = "manifest.json"
	coverEntry    = "coverage.out"
	historyEntry  = "history.json"
	commentPrefix = "cohort record sha256:"
)
