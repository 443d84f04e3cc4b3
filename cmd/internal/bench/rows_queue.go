package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queueRow measures what it costs that processes are given out over a queue: all on this machine,
// which leads the run and is its only node.
func queueRow(ctx context.Context, b *bench) ([]table, error) {
	const tests, each, workers = 64, 250 * time.Millisecond, 8
	m := b.newModule("queue")
	m.sleeps("sleep", tests, each)
	if err := b.warm(ctx, m, "./..."); err != nil {
		return nil, err
	}
	url, err := b.serveQueue(ctx)
	if err != nil {
		return nil, err
	}
	own, args := []string{"--workers", strconv.Itoa(workers)}, []string{"-count=1", "./..."}
	local := b.contestants(m.dir, own, args)[3]
	local.name = "cohort, alone"
	shared := local
	shared.name = "cohort, with a queue"
	shared.argv = b.cohortArgs(slices.Concat(own, []string{"--queue=" + url, "--queue-run=0"}), args)
	runs := 0
	name := slices.Index(shared.argv, "--queue-run=0")
	shared.before = func() error { // a name is for one run
		runs++
		shared.argv[name] = fmt.Sprint("--queue-run=", runs)
		return nil
	}
	return []table{{
		title: fmt.Sprintf("one package, %d tests that sleep %v, %d workers, a server on the same machine", tests, each, workers), rounds: 3,
		bound: bound(tests*each, each, workers), contestants: []contestant{local, shared},
	}}, nil
}

// serveQueue starts a queue for as long as the bench runs, and returns its address.
func (b *bench) serveQueue(ctx context.Context) (url string, err error) {
	program := filepath.Join(b.tmp, "cohort-queue"+filepath.Ext(b.cohort))
	if err := b.do(ctx, "", "go", "build", "-o", program, "github.com/gotestcohort/cohort/cmd/cohort-queue"); err != nil {
		return "", err
	}
	server := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--store", filepath.Join(b.tmp, "store"))
	var problems bytes.Buffer
	server.Stderr = &problems
	out, err := server.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if url = strings.TrimSpace(line); err == nil && !strings.HasPrefix(url, "nats://") {
		err = errors.New("no address")
	}
	if err != nil {
		_ = server.Process.Kill() // it may have ended: Wait says so
		return "", errors.Join(fmt.Errorf("cohort-queue serve prints %q: %w", line, err), server.Wait(), errors.New(problems.String()))
	}
	b.servers = append(b.servers, server)
	return url, nil
}
