package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/version"
	"os/exec"
	"path/filepath"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/artifact"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// defaultArtifactsMax is more than CI systems take by default, and less than what fills a disk.
const defaultArtifactsMax = 1 << 30

// bindArtifacts binds what is kept of files that tests leave.
func bindArtifacts(t *flagTable, o *limitOptions) {
	t.text(&o.artifacts, "", usage.Flag{Name: "artifacts", Takes: "DIR", Own: true,
		Help: "keep the files that failed tests left under t.ArtifactDir in this folder"})
	o.artifactsMax = defaultArtifactsMax
	t.add(&o.artifactsMax, usage.Flag{Name: "artifacts-max", Takes: "SIZE", Own: true, Needs: "artifacts",
		Help: "keep at most this much of all files together (0: no limit): 512KiB, 8MiB, 1GiB"})
}

// openArtifacts makes the folder of --artifacts for tests that run in dir; nil: there is none.
func (c *command) openArtifacts(o limitOptions, dir string, args *gotest.Args) (*artifact.Store, error) {
	if o.artifacts == "" {
		return nil, nil
	}
	if err := checkArtifacts(args); err != nil {
		return nil, err
	}
	if old := c.oldGo(dir); old != "" {
		return nil, fmt.Errorf("--artifacts=%s: t.ArtifactDir came with go1.26, and the tests run with %s", o.artifacts, old)
	}
	store, err := artifact.NewStore(o.artifacts, int64(o.artifactsMax))
	if err != nil {
		return nil, fmt.Errorf("--artifacts=%s: %w", o.artifacts, err)
	}
	project := c.env.get("CI_PROJECT_DIR")
	if project != "" && filepath.IsAbs(attachmentPath(project, store.Dir())) {
		c.log.warnf("--artifacts=%s is not in CI_PROJECT_DIR (%s): GitLab does not keep its files", o.artifacts, project)
	}
	return store, nil
}

// checkArtifacts reports that the arguments of go test leave no room for --artifacts.
func checkArtifacts(args *gotest.Args) error {
	flag := ""
	switch word := args.TestFlag(); {
	case args.Artifacts:
		flag = "-artifacts"
	case args.OutputDir != "":
		flag = "-outputdir"
	case args.Exec != nil:
		return errors.New("--artifacts cannot be used with -exec: its program may run the tests where their files are not found")
	case strings.Contains(word, "-test.artifacts"), strings.Contains(word, "-test.outputdir"), strings.Contains(word, "-test.coverprofile"):
		flag = word
	}
	if flag == "" {
		return nil
	}
	return fmt.Errorf("--artifacts cannot be used with go test's %s: both say where tests leave their files", flag)
}

// oldGo returns the Go version that runs the tests in dir if it has no t.ArtifactDir, "" for any
// other and if it is not known.
func (c *command) oldGo(dir string) string {
	if version := c.archive.goVersion(); version != "" {
		return beforeArtifacts(version)
	}
	cmd := exec.Command("go", "env", "GOVERSION")
	cmd.Dir, cmd.Env = dir, c.env.list
	out, err := cmd.Output()
	if err != nil {
		return "" // go test says why
	}
	return beforeArtifacts(string(out))
}

// beforeArtifacts returns the version that go env has printed if it is one before go1.26, else "".
func beforeArtifacts(printed string) string {
	for word := range strings.FieldsSeq(printed) { // "go1.26.1 X:rangefunc", "devel go1.27-0123456"
		if lang := version.Lang(word); lang != "" && version.Compare(lang, "go1.26") < 0 {
			return word
		}
	}
	return ""
}

// keptArtifacts are the files of failed tests, for the reports. Nil: none are kept.
type keptArtifacts struct {
	store *artifact.Store
	// base is what paths in the JUnit file are relative to: GitLab's project folder, Jenkins' workspace.
	// Elsewhere it is the current directory.
	base string
	max  sizeValue
	log  *logger
}

// keptBy returns the files that the run keeps.
func (c *command) keptBy(s *scheduledSource) *keptArtifacts {
	if s.config.Artifacts == nil {
		return nil
	}
	base := cmp.Or(c.env.get("CI_PROJECT_DIR"), c.env.get("WORKSPACE"), ".")
	return &keptArtifacts{store: s.config.Artifacts, base: base, max: s.opts.limits.artifactsMax, log: c.log}
}

// attached returns how the files that an attempt of a test left are named in the JUnit file.
func (k *keptArtifacts) attached(tc testjson.TestCase) []string {
	if k == nil {
		return nil
	}
	var paths []string
	for _, path := range k.store.Kept(artifact.Key{Package: tc.Package, Test: tc.Test.Name(), Attempt: tc.RunID}) {
		paths = append(paths, attachmentPath(k.base, path))
	}
	return paths
}

// attachmentPath returns path relative to base, with slashes; if it is not in there it stays absolute,
// which GitLab does not read, but Jenkins does.
func attachmentPath(base, path string) string {
	abs, err := filepath.Abs(base)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(abs, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.ToSlash(rel)
}

// toldNames is how many names a line has room for.
const toldNames = 20

// tell says at the end of the run what was not kept, and returns what went wrong.
func (k *keptArtifacts) tell() error {
	if k == nil {
		return nil
	}
	if names := k.store.Dropped(); len(names) > 0 {
		more := ""
		if n := len(names) - toldNames; n > 0 {
			names, more = names[:toldNames], fmt.Sprintf(" and %d more", n)
		}
		k.log.warnf("--artifacts does not hold all files of failed tests (--artifacts-max=%v), it lacks %s%s", &k.max, strings.Join(names, ", "), more)
	}
	return k.store.Err()
}
