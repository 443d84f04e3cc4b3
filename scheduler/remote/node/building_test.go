package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
)

// TestLocal: the leader's machine takes the binaries that it has, if they are still there.
func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := []byte("binary")
	sum := sha256.Sum256(content)
	o := Order{Binary: hex.EncodeToString(sum[:]), Name: "p.test"}
	e := enginetest.NewServer(remote.DefaultTerms(), time.Now).Engine("n")
	for _, tc := range []struct{ text, want string }{{"binary", "<nil> 0 0"}, {"other", "gone 0 0"}, {"", "gone 0 0"}} {
		from := dir + "/from"
		_ = os.Remove(from)
		if tc.text != "" {
			if err := os.WriteFile(from, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := NewBinaries(e, t.TempDir())
		b.Local(func(got string) string {
			if got != o.Binary {
				t.Errorf("asked for %s", got)
			}
			return from
		})
		_, err := b.Binary(t.Context(), o)
		got := fmt.Sprint(err)
		if errors.Is(err, remote.ErrGone) {
			got = "gone"
		}
		built, downloaded := b.Counts()
		if got = fmt.Sprint(got, " ", built, " ", downloaded); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.text, got, tc.want)
		}
	}
}

// TestBuilding: a binary is what the leader has, byte for byte, wherever it comes from.
func TestBuilding(t *testing.T) {
	t.Parallel()
	sumOf := func(content string) string {
		b := sha256.Sum256([]byte(content))
		return hex.EncodeToString(b[:])
	}
	for name, tc := range map[string]struct {
		first  bool
		builds string // what the builder makes of each binary, %s is its right content; "": it fails
		stored bool   // at the leader
		want   string // of five binaries
	}{
		"built":                           {true, "%s", true, "5 built, 0 downloaded, 5 tries, told 0"},
		"built, and not at the leader":    {true, "%s", false, "5 built, 0 downloaded, 5 tries, told 0"},
		"others are built":                {true, "other", true, "0 built, 5 downloaded, 3 tries, told 1"},
		"nothing is built":                {true, "", true, "0 built, 5 downloaded, 3 tries, told 1"},
		"others, and not at the leader":   {true, "other", false, "0 built, 0 downloaded, 3 tries, told 1, 5 wrong"},
		"downloaded":                      {false, "%s", true, "0 built, 5 downloaded, 0 tries, told 0"},
		"not at the leader":               {false, "%s", false, "5 built, 0 downloaded, 5 tries, told 0"},
		"not at the leader, another here": {false, "other", false, "0 built, 0 downloaded, 3 tries, told 1, 5 wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := enginetest.NewServer(remote.DefaultTerms(), time.Now).Engine("n")
			b := NewBinaries(e, t.TempDir())
			tries, told, wrong := 0, 0, 0
			b.Build(Building{
				First: tc.first, Other: func(string, error) { told++ },
				Build: func(_ context.Context, dir, file string) error {
					tries++
					if tc.builds == "" {
						return errors.New("exit status 1")
					}
					return os.WriteFile(file, []byte(strings.ReplaceAll(tc.builds, "%s", dir)), 0o600)
				},
			})
			for i := range 5 {
				content := fmt.Sprint("p", i)
				if tc.stored {
					file := t.TempDir() + "/x"
					if err := errors.Join(os.WriteFile(file, []byte(content), 0o600), e.PutBlob(t.Context(), sumOf(content), file)); err != nil {
						t.Fatal(err)
					}
				}
				o := Order{Binary: sumOf(content), Name: "p.test", Dir: content}
				file, err := b.Binary(t.Context(), o)
				if again, err2 := b.Binary(t.Context(), o); err == nil && (again != file || err2 != nil) {
					t.Errorf("the second time: %s, %v; want %s", again, err2, file)
				}
				text, _ := os.ReadFile(file)
				if err != nil {
					wrong++
				} else if string(text) != content {
					t.Errorf("binary %q, want %q", text, content)
				}
				if err != nil && !errors.Is(err, remote.ErrGone) {
					t.Errorf("%v, want that it is not at the leader", err)
				}
			}
			built, got := b.Counts()
			result := fmt.Sprintf("%d built, %d downloaded, %d tries, told %d", built, got, tries, told)
			if wrong > 0 {
				result += fmt.Sprintf(", %d wrong", wrong)
			}
			if result != tc.want {
				t.Errorf("%s, want %s", result, tc.want)
			}
		})
	}
}
