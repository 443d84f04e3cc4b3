//go:build unix

package main

// others are the programs that only some systems have.
func others() map[string]func() error {
	return map[string]func() error{"agent": runAgent, "leader": runLeader, "machine": runMachine}
}
