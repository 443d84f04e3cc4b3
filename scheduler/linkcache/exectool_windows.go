package linkcache

// replace runs the tool, since Windows has no exec, and returns its exit code.
func (t *tool) replace() int {
	code, _ := t.run(t.argv)
	return code
}
