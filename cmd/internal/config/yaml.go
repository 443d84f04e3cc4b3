package config

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	value ast.Node
	line  int
}

// unixText is a file as the parser has to see it: without a byte order mark, and with line ends
// that it counts once. It counts those of Windows twice after a comment.
func unixText(data []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
}

// document parses data into the one document of a file, nil for an empty one.
func (r *reader) document(data []byte) (node ast.Node) {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if node != nil {
			r.problemf(lineOf(doc.Body), "a second document: the file holds one")
			return nil
		}
		node = doc.Body
	}
	return node
}

// syntax notes an error of the parser.
func (r *reader) syntax(err error) {
	line, message := 1, err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		message = y.GetMessage()
		if tok := y.GetToken(); tok != nil && tok.Position != nil {
			line = tok.Position.Line
		}
	}
	r.problemf(line, "is no YAML: %s", message)
}

// lineOf is the line that a node begins in.
func lineOf(n ast.Node) int {
	if n == nil {
		return 1
	}
	if tok := n.GetToken(); tok != nil && tok.Position != nil {
		return tok.Position.Line
	}
	return 1
}

// resolve follows anchors and aliases to the node itself. An alias can lead to another
// one but not to itself, since an anchor is known only after its value.
func (r *reader) resolve(n ast.Node) ast.Node {
	for range maxAliases {
		switch v := n.(type) {
		case *ast.AnchorNode:
			if v.Name != nil {
				r.anchors[v.Name.String()] = v.Value
			}
			n = v.Value
		case *ast.AliasNode:
			target := r.anchors[v.Value.String()]
			if target == nil {
				r.problemf(lineOf(v), "there is no anchor &%s above", v.Value.String())
				return nil
			}
			n = target
		default:
			return n
		}
	}
	r.problemf(lineOf(n), "aliases lead in a circle")
	return nil
}

// maxAliases is how many aliases may lead from one to the next: nobody writes more than
// two or three.
const maxAliases = 20

// mapping returns the entries of a mapping; what says what it should be. Keys that are
// there twice are problems.
func (r *reader) mapping(n ast.Node, what string) []entry {
	n = r.resolve(n)
	var pairs []*ast.MappingValueNode
	switch v := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		pairs = v.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{v}
	default:
		r.problemf(lineOf(n), "%s must be a mapping (key: value), not %s", what, nameOf(n))
		return nil
	}
	var entries []entry
	seen := map[string]int{}
	for _, pair := range pairs {
		line := lineOf(pair.Key)
		key, ok := r.key(pair.Key)
		if !ok {
			continue
		}
		if first, ok := seen[key]; ok {
			r.problemf(line, "%s is there twice, first in line %d", key, first)
			continue
		}
		seen[key] = line
		entries = append(entries, entry{key, pair.Value, line})
	}
	return entries
}

// key returns a key that is a plain word.
func (r *reader) key(n ast.MapKeyNode) (string, bool) {
	if _, ok := n.(*ast.MergeKeyNode); ok {
		r.problemf(lineOf(n), "<< is not supported: write the keys out, or use an alias for a value")
		return "", false
	}
	node, ok := n.(ast.Node)
	if !ok {
		return "", false
	}
	key, ok := scalar(node)
	if !ok || key == "" {
		r.problemf(lineOf(n), "a key must be a word")
		return "", false
	}
	return key, true
}

// sequence returns the values of a list.
func (r *reader) sequence(n ast.Node, what string) []ast.Node {
	switch v := r.resolve(n).(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		return v.Values
	default:
		r.problemf(lineOf(v), "%s must be a list (- item), not %s", what, nameOf(v))
		return nil
	}
}

// scalar returns the text of a scalar as it is written.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// nameOf is what a node is, for messages.
func nameOf(n ast.Node) string {
	switch v := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.TagNode:
		return "a tag"
	case ast.Node:
		if text, ok := scalar(v); ok {
			return fmt.Sprintf("%q", text)
		}
	}
	return "this"
}
