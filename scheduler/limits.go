package scheduler

// LimitConfig says what tests may use.
type LimitConfig struct {
	// Locks says how many processes may hold a lock at the same time: 1 for a name that is not there.
	Locks map[string]int
}
