// Package repeat has a registry that nothing is removed from.
package repeat

import "fmt"

var names = map[string]bool{}

// Register adds a name, once.
func Register(name string) error {
	if names[name] {
		return fmt.Errorf("%s is registered already", name)
	}
	names[name] = true
	return nil
}
