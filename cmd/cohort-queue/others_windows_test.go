package main

// others are the programs that only some systems have.
func others() map[string]func() error { return nil }
