package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// natsServer starts a server of a configuration, in which PORT and STORE stand for a free port and
// a folder.
func natsServer(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf("listen: 127.0.0.1:-1\njetstream { store_dir: %q }\n%s", dir, config)
	ok(t, os.WriteFile(file, []byte(text), 0o600))
	return launch(t, "nats-server", file).line(t)
}

// serveConfig is a nats-server that prints its address.
func serveConfig() error {
	opts, err := server.ProcessConfigFile(os.Args[1])
	if err != nil {
		return err
	}
	opts.NoSigs, opts.NoLog = true, true
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		return errors.New("the server does not start")
	}
	scheme := "nats://"
	if opts.TLS {
		scheme = "tls://"
	}
	fmt.Println(scheme + s.Addr().(*net.TCPAddr).String())
	s.WaitForShutdown()
	return nil
}

// account is an entry of a configuration.
func account(name string, p permissions) string {
	return fmt.Sprintf("{ user: %q, password: \"secret-%s\", %s }\n", name, name, p.text())
}

// loginOf writes the credentials of a user.
func loginOf(t *testing.T, user string) login {
	t.Helper()
	file := filepath.Join(t.TempDir(), "creds")
	ok(t, os.WriteFile(file, []byte(user+":secret-"+user+"\n"), 0o600))
	return login{creds: file}
}

// TestPermissions: with a real server, an agent can do its work and cannot publish work, delete,
// purge, write as another node or post a second result.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for _, run := range []string{"r1", anyRun} {
		t.Run("run "+run, func(t *testing.T) {
			t.Parallel()
			address := natsServer(t, "authorization { users: [\n"+
				account("leader", permissions{run, roleLeader, "leader"})+account("n1", permissions{run, roleAgent, "n1"})+"] }\n")
			lead := engineWith(t, &queueFlags{url: address, runID: "r1", login: loginOf(t, "leader")}, "leader", steady(), limits{})
			agent := engineWith(t, &queueFlags{url: address, runID: "r1", login: loginOf(t, "n1")}, "n1", steady(), limits{})
			fence := agentWorks(t, lead, agent)
			agentCannot(t, lead, agent, fence)
			code, _, stderr := runCommand(nil, "clean", "--queue="+address, "--queue-creds="+loginOf(t, "n1").creds)
			if code != exitError || !strings.Contains(stderr, "not allowed") {
				t.Errorf("clean: %d, %s", code, stderr)
			}
		})
	}
}

// agentWorks does all that a leader and an agent do.
func agentWorks(t *testing.T, lead, agent *engine) remote.Fence {
	t.Helper()
	ctx := limit(t)
	told := watching(t, agent, remote.RunEvents|remote.StopEvents|remote.NodeEvents)
	r, err := lead.Lead(ctx, remote.Facts{Seed: 7})
	ok(t, err)
	results := watching(t, lead, remote.ResultEvents|remote.NodeEvents)
	ok(t, agent.Announce(ctx, remote.Node{Name: "n1"}))
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "b", Payload: []byte("work")}))
	ok(t, lead.Publish(ctx, "n1", remote.Work{Batch: "c"}))
	l := fetch(t, agent, "long")
	ok(t, agent.Extend(ctx, l.Token))
	ok(t, agent.PutOutput(ctx, remote.Delivery{Node: "n1", Batch: "b", Delivery: 1, Nonce: "x"}, 0, []byte("out")))
	stands, err := agent.PutResult(ctx, remote.Result{Batch: "b", Node: "n1", Nonce: "x"})
	ok(t, err)
	ok(t, agent.Done(ctx, l.Token))
	c := fetch(t, agent, "n1")
	ok(t, agent.Return(ctx, c.Token, 0))
	file := filepath.Join(t.TempDir(), "binary")
	ok(t, os.WriteFile(file, []byte("binary"), 0o600))
	ok(t, lead.PutBlob(ctx, sumOf([]byte("binary")), file))
	ok(t, agent.GetBlob(ctx, sumOf([]byte("binary")), file+".got"))
	ok(t, lead.Stop(ctx, r.Fence, remote.Stop{Batch: "c"}))
	told.await(t, "stop", func(e remote.Event) bool { return e.Stop.Batch == "c" })
	told.await(t, "run", func(e remote.Event) bool { return e.Run.Leader == "leader" && e.Run.State.Phase == remote.Running })
	results.await(t, "result", func(e remote.Event) bool { return e.Result.Nonce == stands.Nonce })
	if _, err := lead.GetResult(ctx, "b", 0); err != nil {
		t.Error(err)
	}
	if _, err := lead.GetOutput(ctx, remote.Delivery{Node: "n1", Batch: "b", Delivery: 1, Nonce: "x"}, 0); err != nil {
		t.Error(err)
	}
	if _, err := lead.Lanes(ctx); err != nil {
		t.Error(err)
	}
	if _, err := lead.Queued(ctx); err != nil {
		t.Error(err)
	}
	if _, err := agent.Run(ctx); err != nil {
		t.Error(err)
	}
	ok(t, lead.Repair(ctx, "n1"))
	if _, err := lead.Renew(ctx, r.Fence); err != nil {
		t.Error(err)
	}
	return r.Fence
}

// agentCannot tries what an agent must not do, by way of the engine and past it.
func agentCannot(t *testing.T, lead, agent *engine, fence remote.Fence) {
	t.Helper()
	ctx := limit(t)
	file := filepath.Join(t.TempDir(), "evil")
	ok(t, os.WriteFile(file, []byte("evil"), 0o600))
	_, leads := agent.Lead(ctx, remote.Facts{})
	for name, err := range map[string]error{
		"publish": agent.Publish(ctx, "long", remote.Work{Batch: "evil"}), "lead": leads, "repair": agent.Repair(ctx, "long"),
		"binary": agent.PutBlob(ctx, sumOf([]byte("evil")), file),
		"output": agent.PutOutput(ctx, remote.Delivery{Node: "n2", Batch: "b", Delivery: 1, Nonce: "x"}, 0, []byte("evil")),
	} {
		if !errors.Is(err, remote.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	n := agent.names
	for _, subject := range []string{
		n.workSubject("long", "evil", 0), n.key(keyLeader), n.key(keyState), n.key(keyRun), n.key(keyStop + "b"), n.key(keyNode + "n2"),
		n.live(keyState), n.live(keyNode + "n2"),
		"$JS.API.STREAM.PURGE." + n.resultStream(), "$JS.API.STREAM.DELETE." + n.resultStream(), "$JS.API.STREAM.MSG.DELETE." + n.resultStream(),
		"$JS.API.STREAM.UPDATE." + n.resultStream(), "$JS.API.STREAM.PURGE." + n.workStream(), "$JS.API.STREAM.MSG.DELETE." + n.workStream(),
		"$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.LIST", "$JS.API.CONSUMER.CREATE." + n.workStream(), "$JS.API.CONSUMER.CREATE." + n.keyStream() + ".x",
		"$JS.API.CONSUMER.DURABLE.CREATE." + n.workStream() + ".x", "$JS.API.CONSUMER.DELETE." + n.workStream() + ".long",
		"$O." + binaryBucket + ".C.x", "$JS.API.STREAM.SNAPSHOT." + n.resultStream(), "$JS.API.STREAM.RESTORE." + n.resultStream(),
	} {
		err := agent.do(ctx, "write", subject, func(ctx context.Context) error {
			_, err := agent.nc.RequestWithContext(ctx, subject, nil)
			return err
		})
		if !errors.Is(err, remote.ErrDenied) {
			t.Errorf("publish to %s: %v", subject, err)
		}
	}
	secondResult(t, agent)
	rollUp(t, lead, agent)
	misdirect(t, lead, agent, fence)
}

// secondResult posts a result past the engine, without what the engine asks for.
func secondResult(t *testing.T, agent *engine) {
	t.Helper()
	ctx := limit(t)
	_, err := agent.js.Publish(ctx, agent.names.resultSubject("b", 0), []byte("evil"), jetstream.WithRetryAttempts(0))
	if known := translate(err); !errors.Is(known, errTaken) {
		t.Errorf("a second result: %v", err)
	}
	if r, err := agent.GetResult(ctx, "b", 0); err != nil || r.Nonce != "x" {
		t.Errorf("%+v, %v", r, err)
	}
}

// rollUp writes the node's own key with the header that has other servers' buckets remove all keys.
func rollUp(t *testing.T, lead, agent *engine) {
	t.Helper()
	ctx := limit(t)
	m := nats.NewMsg(agent.names.key(keyNode + "n1"))
	m.Header.Set("Nats-Rollup", "all")
	if _, err := agent.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0)); err == nil {
		t.Error("a key is written that removes all others")
	}
	if _, err := lead.Run(ctx); err != nil {
		t.Errorf("the run is gone: %v", err)
	}
}

// misdirect has the server's answers go to where the agent may not publish: a server does not check
// where an answer is to be sent. Nobody takes them for work, or for what they are not.
func misdirect(t *testing.T, lead, agent *engine, fence remote.Fence) {
	t.Helper()
	ctx := limit(t)
	n := agent.names
	told := watching(t, lead, remote.RunEvents)
	told.await(t, "run", func(e remote.Event) bool { return e.Kind == remote.RunEvents })
	evil, err := json.Marshal(remote.Node{Name: "n1", Slots: 666})
	ok(t, err)
	_, err = agent.put(ctx, keyNode+"n1", writing{value: evil, ttl: time.Minute})
	ok(t, err)
	body := []byte(fmt.Sprintf(`{"last_by_subj":%q}`, n.key(keyNode+"n1")))
	for _, to := range []string{n.workSubject("long", "evil", 0), n.workSubject("long", "evil", 1), n.live(keyState), n.subject("out", "n2", "b", "0", "1", "x", "0")} {
		ok(t, agent.nc.PublishRequest("$JS.API.STREAM.MSG.GET."+n.keyStream(), to, body))
	}
	const many = 10 // so that the store's messages have larger numbers than the keys
	for i := range many {
		file := filepath.Join(t.TempDir(), "file")
		ok(t, os.WriteFile(file, []byte{byte(i)}, 0o600))
		ok(t, lead.PutBlob(ctx, sumOf([]byte{byte(i)}), file))
	}
	ok(t, agent.nc.PublishRequest("$JS.API.DIRECT.GET."+binaryStream, n.live(keyState), []byte(fmt.Sprintf(`{"seq":%d}`, 2*many))))
	next := []byte(`{"batch":1,"no_wait":true}`)
	ok(t, agent.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+n.workStream()+".n1", n.workSubject("long", "copy", 0), next))
	ok(t, agent.nc.FlushWithContext(ctx))
	ok(t, lead.Publish(ctx, "long", remote.Work{Batch: "last"}))
	if l := fetch(t, agent, "long"); l.Work.Batch != "last" {
		t.Errorf("it is taken for work: %+v", l)
	} else {
		ok(t, agent.Done(ctx, l.Token))
	}
	if r, err := lead.Run(ctx); err != nil || r.State.Phase != remote.Running {
		t.Errorf("%+v, %v", r, err)
	}
	if lead.held().revision >= 2*many {
		t.Error("the keys have larger numbers")
	}
	ok(t, lead.SetState(ctx, fence, remote.State{Phase: remote.Done}))
	told.await(t, "the end", func(e remote.Event) bool { return e.Run.State.Phase == remote.Done })
}

func TestPermissionsUsage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ args, want string }{
		{"", "--role is missing"},
		{"--role agent", "--queue-run is missing"},
		{"--role agent --queue-run a.b", "--queue-run=a.b"},
		{"--role agent --queue-run r --node >", "--node=>"},
		{"--role worker --queue-run r", "must be one of: leader, agent"},
	} {
		if code, _, stderr := runCommand(nil, append([]string{"permissions"}, strings.Fields(row.args)...)...); code != exitError || !strings.Contains(stderr, row.want) {
			t.Errorf("%s: %d, %s", row.args, code, stderr)
		}
	}
	code, stdout, stderr := runCommand([]string{"COHORT_QUEUE_RUN=r1"}, "permissions", "--role=agent", "--node=n7")
	if code != 0 || stderr != "" || !strings.Contains(stdout, `"$KV.COHORT_K_r1.node.n7"`) || strings.Contains(stdout, "work.") {
		t.Errorf("%d, %s, %s", code, stdout, stderr)
	}
}
