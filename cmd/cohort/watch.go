package main

import "errors"

// watch runs the tests of a package each time one of its files is saved.
func (c *command) watch(opts *options) error {
	return errors.New("--watch: not available in this build")
}
