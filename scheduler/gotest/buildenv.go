package gotest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// buildEnvNames are the settings of the go command, its arguments aside, that decide what is built and
// what a test does: not those that name folders, or say how much a machine does at a time.
var buildEnvNames = [...]string{
	"CGO_ENABLED", "GO111MODULE", "GO386", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GODEBUG", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS",
	"GOMIPS", "GOMIPS64", "GOOS", "GOPPC64", "GORISCV64", "GOWASM",
}

// BuildEnv returns what the go command's settings are for a run in dir ("": here), as a short hash of
// each by its name: two runs whose hashes agree are built and run alike, and nobody reads a value from
// them.
func BuildEnv(ctx context.Context, dir string, env []string) (map[string]string, error) {
	words := append([]string{"env", "-json"}, buildEnvNames[:]...)
	cmd := exec.CommandContext(ctx, "go", words...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second // children that keep stdout open
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	values := make(map[string]string)
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("read go env: %w", err)
	}
	return hashes(values), nil
}

// hashes returns a short hash of each value, "" of an empty one.
func hashes(values map[string]string) map[string]string {
	all := make(map[string]string)
	for name, value := range values {
		if name == "GOFLAGS" {
			value = sameFlags(value)
		}
		all[name] = ""
		if value != "" {
			sum := sha256.Sum256([]byte(value))
			all[name] = hex.EncodeToString(sum[:6])
		}
	}
	return all
}

// sameFlags returns a GOFLAGS as one text for all ways to write the same, see [Args.Settings].
func sameFlags(flags string) string {
	words, err := splitQuoted(flags)
	if err != nil {
		return flags
	}
	args, err := ParseArgs(words, []string{"GOENV=off"})
	if err != nil {
		return flags
	}
	return strings.Join(args.Settings(), "\n")
}
