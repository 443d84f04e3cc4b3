// Package state keeps users in memory.
package state

var users []string

// Create adds users.
func Create(names ...string) { users = append(users, names...) }

// List returns the users.
func List() []string { return users }
