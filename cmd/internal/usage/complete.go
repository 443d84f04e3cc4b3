package usage

import (
	"slices"
	"strings"
)

// Item is one way to complete a word.
type Item struct {
	Word string // the whole word
	Help string // one line, or ""
}

// Completion is what may come in the place of the last word.
type Completion struct {
	Items []Item
	Files bool // or a file
	Dirs  bool // or a folder
}

// Completer knows the commands that are completed.
type Completer struct {
	Command Command            // cohort itself
	Tools   map[string]Command // the tools whose flags are known
	Words   map[string][]Item  // of other commands: what may follow their names
	GoTest  map[string]bool    // go test's flags
}

// Complete returns what may come in the place of the last of words, which is what has
// been typed of it. The name of the command is not among them.
func (c *Completer) Complete(words []string) Completion {
	if len(words) == 0 {
		words = []string{""}
	}
	if len(words) > 1 {
		if words[0] == "tool" {
			return c.tool(words[1:])
		}
		if items, ok := c.Words[words[0]]; ok {
			return starting(items, words[len(words)-1])
		}
	}
	done := c.flags(&c.Command, words)
	if len(words) == 1 && !strings.HasPrefix(words[0], "-") {
		for _, name := range c.Command.Words {
			done.Items = append(done.Items, starting([]Item{{Word: name}}, words[0]).Items...)
		}
	}
	return done
}

// tool completes what follows "tool".
func (c *Completer) tool(words []string) Completion {
	if len(words) == 1 {
		var items []Item
		for _, t := range c.Command.Tools {
			items = append(items, Item{t.Name, t.Help})
		}
		return starting(items, words[0])
	}
	name := words[0]
	if items, ok := c.Words["tool "+name]; ok {
		return starting(items, words[len(words)-1])
	}
	if cmd, ok := c.Tools[name]; ok {
		return c.flags(&cmd, words[1:])
	}
	return Completion{Files: true}
}

// flags completes the last of words among the flags of cmd, or behind them.
func (c *Completer) flags(cmd *Command, words []string) Completion {
	last := words[len(words)-1]
	var open *Flag // the flag whose value comes next
	for _, word := range words[:len(words)-1] {
		switch {
		case open != nil:
			open = nil
		case word == "--" || len(word) < 2 || word[0] != '-':
			return c.goTest(last)
		default:
			open = c.openFlag(cmd, word)
		}
	}
	name, _, hasValue := strings.Cut(last, "=")
	switch {
	case open != nil:
		return values(open, "", last)
	case hasValue && strings.HasPrefix(last, "--"):
		if f := cmd.flag(name[2:]); f != nil {
			return values(f, name+"=", last)
		}
		return Completion{}
	case strings.HasPrefix(last, "-"):
		return starting(flagItems(cmd), last)
	}
	return Completion{Dirs: true}
}

// openFlag returns the flag that word is, if its value is the next word.
func (c *Completer) openFlag(cmd *Command, word string) *Flag {
	f := cmd.flag(strings.TrimPrefix(word, "--"))
	if len(word) == 2 {
		f = cmd.short(word[1:])
	}
	if f == nil || !f.takesNext() {
		return nil
	}
	return f
}

// goTest completes among go test's arguments.
func (c *Completer) goTest(last string) Completion {
	if !strings.HasPrefix(last, "-") {
		return Completion{Dirs: true}
	}
	var items []Item
	for _, name := range keys(c.GoTest) {
		items = append(items, Item{Word: "-" + name})
	}
	return starting(items, last)
}

func flagItems(cmd *Command) []Item {
	var items []Item
	for _, f := range cmd.Flags {
		if f.Hidden {
			continue
		}
		items = append(items, Item{"--" + f.Name, f.Help})
		if f.Short != "" {
			items = append(items, Item{"-" + f.Short, f.Help})
		}
	}
	return append(items, Item{"--help", "print help"})
}

// values completes the value of f in a word that begins with prefix.
func values(f *Flag, prefix, word string) Completion {
	choices := slices.Clone(f.Choices)
	if f.Kind == Switch {
		choices = []string{"true", "false"}
	}
	if strings.HasSuffix(f.Takes, "|auto") {
		choices = append(choices, "auto")
	}
	if strings.HasSuffix(f.Takes, "|off") && !slices.Contains(choices, "off") {
		choices = append(choices, "off")
	}
	var items []Item
	for _, choice := range choices {
		items = append(items, Item{Word: prefix + choice})
	}
	done := starting(items, word)
	done.Files = f.Path != NoPath || strings.Contains(f.Takes, "FILE")
	return done
}

// starting are the items that begin with word.
func starting(items []Item, word string) Completion {
	var done Completion
	for _, item := range items {
		if strings.HasPrefix(item.Word, word) {
			done.Items = append(done.Items, item)
		}
	}
	return done
}
