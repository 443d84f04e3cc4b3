package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completionRows are command lines whose last word is completed, and what comes of it.
// Those that end in "..." are only the beginning.
func completionRows() map[string]string {
	return map[string]string{
		"cohort --form":                    "--format --format-hide-empty-pkg --format-icons",
		"cohort --rerun-fails-m":           "--rerun-fails-max-failures",
		"cohort --format dot":              "dots dots-v2",
		"cohort --dist ":                   "load loadfile loadpackage loadscope",
		"cohort -n ":                       "auto",
		"cohort --shuffle=l":               "last",
		"cohort --junitfile out":           "out.xml",
		"cohort --junitfile=out":           "out.xml",
		"cohort --no-color=":               "false true",
		"cohort tool ":                     "adopt archive cache ci-matrix completion config flaky history list merge plan replay report slowest",
		"cohort tool fl":                   "flaky",
		"cohort tool flaky --until":        "--until-fail",
		"cohort tool flaky --dist loadf":   "loadfile",
		"cohort tool completion z":         "zsh",
		"cohort help re":                   "records reruns",
		"cohort --workers 3 -- -rac":       "-race",
		"cohort ./price -cover":            "-cover -covermode -coverpkg -coverprofile",
		"cohort pri":                       "price",
		"cohort -- pri":                    "price",
		"cohort --history of":              "off",
		"cohort --nonsense=":               "",
		"cohort --debug --rerun-fails=2 h": "",
		"cohort he":                        "help",
	}
}

// completionDir is a folder to complete files in.
func completionDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "price"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out.xml", "go.mod"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCompletion asks each shell what it makes of its script.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for shell, script := range map[string]string{
		"bash": `source <(cohort tool completion bash)
COMP_LINE="$1" COMP_POINT=${#1}
_cohort
printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `cohort tool completion fish | source
complete -C "$argv[1]" | string replace -r '\t.*' ''
true`,
		// Zsh completes in a terminal only: what it asks for there stands in for it.
		"zsh": `compdef() { }
compadd() { shift 4; print -rl -- "$@" }
compset() { words[CURRENT]="${words[CURRENT]#*=}" }
_files() { local d; for d in ${words[CURRENT]}*(N); do [[ "$1" != -/ || -d $d ]] && print -r -- $d; done }
source <(cohort tool completion zsh)
words=("${(@s: :)1}") CURRENT=${#words}
_cohort
true`,
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("NOT TESTED: completion in %s, which is not here", shell)
			}
			for line, want := range completionRows() {
				args := []string{"-c", script, shell, line}
				if shell == "fish" {
					args = slices.Delete(args, 2, 3)
				}
				cmd := exec.Command(path, args...)
				cmd.Dir = completionDir(t)
				cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("%s: %v: %s", line, err, out)
				}
				if got := completed(string(out)); got != want {
					t.Errorf("%s: got %q, want %q", line, got, want)
				}
			}
		})
	}
}

// completed brings the answers of all shells into one form: sorted, without the flag
// before a value, without a slash after a folder.
func completed(out string) string {
	words := strings.Fields(out)
	for i, word := range words {
		if strings.HasPrefix(word, "--") {
			_, value, found := strings.Cut(word, "=")
			if found {
				words[i] = value
			}
		}
		words[i] = strings.TrimSuffix(words[i], "/")
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// TestCompleteWords checks what the shells are told, without them.
func TestCompleteWords(t *testing.T) {
	t.Parallel()
	c := &command{env: newEnviron(nil)}
	for line, want := range map[string]string{
		"--junit":             "--junitfile",
		"--junitfile=":        ":files",
		"--history ":          "off :files",
		"--packages ./a --no": "--no-tests --no-color",
		"--group x --dist=":   "--dist=loadscope --dist=loadfile --dist=loadpackage --dist=load",
		"--format-h":          "--format-hide-empty-pkg",
		"-- -shuf":            "-shuffle",
		"x ":                  ":dirs",
		"":                    "help tool :dirs",
		"t":                   "tool :dirs",
		"tool slowest ":       ":files",
		"tool flaky -- -rac":  "-race",
		"tool history --v":    "--variant",
		"tool config --sch":   "--schema",
		"tool cache c":        "clean",
		"tool list --ch":      "--changed-since",
		"tool plan --shard-":  "--shard-by",
		"-":                   "--packages",
	} {
		var got []string
		for answer := range strings.Lines(c.completeWords(strings.Split(line, " "))) {
			word, _, _ := strings.Cut(strings.TrimSpace(answer), "\t")
			got = append(got, word)
		}
		if text := strings.Join(got, " "); !strings.HasPrefix(text, want) || len(text) != len(want) && line != "-" && line != "--junit" {
			t.Errorf("%q: got %s, want %s", line, text, want)
		}
	}
}
