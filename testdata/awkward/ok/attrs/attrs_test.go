// Package attrs sets attributes and keeps artifacts.
package attrs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAttr(t *testing.T) {
	t.Attr("issue", "1234")
	t.Attr("owner", "a team with spaces")
	t.Run("sub", func(t *testing.T) { t.Attr("inner", "=== ATTR  looks like framing") })
}

func TestArtifact(t *testing.T) {
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "report.txt"), []byte("kept with -artifacts\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
