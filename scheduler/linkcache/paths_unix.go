//go:build unix

package linkcache

import "strings"

func isAbs(name string) bool { return strings.HasPrefix(name, "/") }
