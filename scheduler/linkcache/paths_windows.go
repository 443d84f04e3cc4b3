package linkcache

import "path/filepath"

func isAbs(name string) bool { return filepath.IsAbs(name) }
