package reentry

// replace runs the tool: this system has no way to become another program. The go command starts
// its tools itself here, so that nobody waits for a turn.
func (t *tool) replace() int {
	code, _ := t.run(t.argv, t.env)
	return code
}

// askToInherit does nothing: run asks.
func askToInherit([]string, string) {}
