// Package ledger keeps the account of each package of a run: which tests are to run, which
// have run, what is owed, and what the package's end is. It is pure: it starts no process,
// opens no file and reads no clock.
//
// # One process
//
// A [Transcript] follows the events of one process. When the process has ended, [Settle]
// books each planned test in exactly one list: ended, to run again, skipped, lost, and so on.
// It is the only place that decides what an exit status, a crash or a missing report means.
//
// # One package
//
// An [Account] adds up the settlements of a package's processes. It says which tasks are to
// run next, whether the package is settled, and why it fails. Its life has three states:
//
//	Running ── Drop ──▶ Dropping ── Close ──▶ Closed
//	   └──────────────── Close ─────────────────▲
//
// In Running, what a process has not run is planned again. In Dropping nothing new starts,
// and the account waits for what runs. In Closed nothing changes any more; reruns are made
// from the units that it names.
package ledger
