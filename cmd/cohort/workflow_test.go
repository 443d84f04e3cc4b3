package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflowStep is a step of a job or of an action.
type workflowStep struct {
	Name, Uses, Run string
	With, Env       map[string]string
}

// stepOf returns the first step that want chooses.
func stepOf(t *testing.T, steps []workflowStep, want func(workflowStep) bool) workflowStep {
	t.Helper()
	i := slices.IndexFunc(steps, want)
	if i < 0 {
		t.Fatalf("none of these is the step: %v", steps)
	}
	return steps[i]
}

// runStep runs a script as a step of GitHub Actions does, and returns its output.
func runStep(t *testing.T, dir, script string, env ...string) (string, error) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("NOT TESTED: the scripts of action and workflow, since there is no bash here")
	}
	cmd := exec.Command(bash, "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GITHUB_STEP_SUMMARY="), env...) // the summary is of the run that tests this
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// runAction runs the script with which the action starts cohort. The action keeps its files in the
// folder files.
func runAction(t *testing.T, dir, files, args string) (string, error) {
	t.Helper()
	var action struct {
		Runs struct{ Steps []workflowStep }
	}
	if err := yaml.Unmarshal(projectYAML(t)[".github/actions/cohort/action.yml"], &action); err != nil {
		t.Fatal(err)
	}
	step := stepOf(t, action.Runs.Steps, func(s workflowStep) bool { return s.Name == "Run the tests" })
	var env []string
	for name, value := range step.Env {
		value = strings.NewReplacer("${{ runner.temp }}", files, "${{ inputs.args }}", args).Replace(value)
		if strings.Contains(value, "${{") {
			t.Errorf("%s: what is %s?", name, value)
		}
		env = append(env, name+"="+value)
	}
	return runStep(t, dir, step.Run, env...)
}

// TestAction runs the script with which the action starts cohort.
func TestAction(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	out, err := runAction(t, sample(t, "shop"), files, "--no-tests=fail\n--\n-run\nTestTotal|TestWithTax\n./price\n./cart\n")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"cohort/history", "cohort/links", "cohort-record/run.cohort"} {
		if _, err := os.Stat(filepath.Join(files, name)); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestActionInstalls runs the script with which the action installs cohort, with a go command that only
// says what it is told.
func TestActionInstalls(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	script := "#!/bin/sh\ncase $1 in env) echo ;; *) echo go \"$@\" ;; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct{ Steps []workflowStep }
	}
	if err := yaml.Unmarshal(projectYAML(t)[".github/actions/cohort/action.yml"], &action); err != nil {
		t.Fatal(err)
	}
	step := stepOf(t, action.Runs.Steps, func(s workflowStep) bool { return s.Name == "Install cohort" })
	at := "go install github.com/gotestcohort/cohort/cmd/"
	for _, tt := range []struct{ version, queue, want string }{
		{"latest", "false", at + "cohort@latest\n"},
		{"v0.2.0", "true", at + "cohort@v0.2.0\n" + at + "cohort-queue@v0.2.0\n"},
		{"checkout", "true", "go install ./cmd/cohort\ngo install ./cmd/cohort-queue\n"},
	} {
		out, err := runStep(t, "", step.Run, "VERSION="+tt.version, "QUEUE="+tt.queue, "GITHUB_PATH="+filepath.Join(t.TempDir(), "path"),
			"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		if err != nil || out != tt.want {
			t.Errorf("version %s, queue %s: %v\n%swant\n%s", tt.version, tt.queue, err, out, tt.want)
		}
	}
	if step.Env["QUEUE"] != "${{ inputs.queue }}" {
		t.Errorf("the input does not reach the script: %v", step.Env)
	}
}

// TestCask: Homebrew links only what the cask names, which has to be each program of the release.
func TestCask(t *testing.T) {
	t.Parallel()
	var release struct {
		Builds []struct{ Binary string }
		Casks  []struct{ Binaries []string } `yaml:"homebrew_casks"`
	}
	if err := yaml.Unmarshal(projectYAML(t)[".goreleaser.yaml"], &release); err != nil || len(release.Casks) != 1 {
		t.Fatalf("%v: %+v", err, release)
	}
	var built []string
	for _, b := range release.Builds {
		built = append(built, b.Binary)
	}
	if !slices.Equal(built, release.Casks[0].Binaries) {
		t.Errorf("the cask has %v, built are %v", release.Casks[0].Binaries, built)
	}
}

// TestWorkflowShards runs both shards and the merge of the workflow in which cohort tests itself, on
// a small suite: the records are found where the merge looks for them, are one whole run, and the
// merge fails if one of them is missing.
func TestWorkflowShards(t *testing.T) {
	t.Parallel()
	type job struct {
		Strategy struct{ Matrix struct{ Shard []int } }
		Steps    []workflowStep
	}
	var workflow struct{ Jobs struct{ Cohort, Merge job } }
	if err := yaml.Unmarshal(projectYAML(t)[".github/workflows/test.yml"], &workflow); err != nil {
		t.Fatal(err)
	}
	jobs, dir := workflow.Jobs, sample(t, "shop")
	action := stepOf(t, jobs.Cohort.Steps, func(s workflowStep) bool { return s.Uses == "./.github/actions/cohort" })
	download := stepOf(t, jobs.Merge.Steps, func(s workflowStep) bool { return strings.HasPrefix(s.Uses, "actions/download-artifact@") })
	merge := stepOf(t, jobs.Merge.Steps, func(s workflowStep) bool { return s.Name == "Merge the records" })
	script := strings.ReplaceAll(merge.Run, "bin/cohort", "cohort")
	for n, shard := range jobs.Cohort.Strategy.Matrix.Shard {
		if out, err := runStep(t, dir, script, "COHORT_HISTORY=off"); err == nil {
			t.Errorf("the merge passes with %d shards\n%s", n, out)
		}
		fill := func(s string) string { return strings.ReplaceAll(s, "${{ matrix.shard }}", fmt.Sprint(shard)) }
		name, files := fill(action.With["name"]), t.TempDir()
		if ok, err := path.Match(download.With["pattern"], name); !ok || err != nil {
			t.Errorf("%v: %s does not match %q", err, name, download.With["pattern"])
		}
		args := strings.ReplaceAll(fill(action.With["args"]), "./...", "./price\n./cart")
		if out, err := runAction(t, dir, files, args); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		artifact := filepath.Join(dir, download.With["path"], name)
		if err := os.CopyFS(artifact, os.DirFS(filepath.Join(files, "cohort-record"))); err != nil {
			t.Error(err)
		}
	}
	out, err := runStep(t, dir, script, "COHORT_HISTORY=off")
	if err != nil || !strings.Contains(out, "DONE 10 tests") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"run.cohort", "run.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestRelease checks what the container image of a release takes from four files: the Dockerfile is
// where goreleaser looks for it and copies the binary that is built, and the workflow logs in and
// moves latest where the image is pushed.
func TestRelease(t *testing.T) {
	t.Parallel()
	files := projectYAML(t)
	var release struct {
		Project string `yaml:"project_name"`
		Images  []struct {
			Dockerfile string
			Images     []string
		} `yaml:"dockers_v2"`
	}
	if err := yaml.Unmarshal(files[".goreleaser.yaml"], &release); err != nil || len(release.Images) != 1 || len(release.Images[0].Images) != 1 {
		t.Fatalf("%v: %+v", err, release)
	}
	image := release.Images[0].Images[0]
	dockerfile, err := os.ReadFile(filepath.Join("../..", release.Images[0].Dockerfile))
	if err != nil || !strings.Contains(string(dockerfile), "\nCOPY $TARGETPLATFORM/"+release.Project+" ") {
		t.Errorf("%v: %s", err, dockerfile)
	}
	workflow := string(files[".github/workflows/release.yml"])
	registry, _, _ := strings.Cut(image, "/")
	for text, want := range map[string]int{"registry: " + registry + "\n": 2, "--tag " + image + ":latest \"" + image + ":${TAG#v}\"": 1} {
		if got := strings.Count(workflow, text); got != want {
			t.Errorf("the workflow has %q %d times, want %d", text, got, want)
		}
	}
}
