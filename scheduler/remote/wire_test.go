package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// echo is an engine that writes down its calls and answers with what it was given.
type echo struct {
	mu    sync.Mutex
	calls []string
	err   error // of each call
}

func (e *echo) note(format string, args ...any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, fmt.Sprintf(format, args...))
	return e.err
}

func (e *echo) Terms() Terms { return DefaultTerms() }

func (e *echo) Run(context.Context) (Run, error) { return Run{Leader: "n1"}, e.note("run") }

func (e *echo) Lead(_ context.Context, f Facts) (Run, error) {
	return Run{Facts: f, Fence: 7}, e.note("lead")
}

func (e *echo) Renew(_ context.Context, f Fence) (Fence, error) { return f + 1, e.note("renew %d", f) }

func (e *echo) Release(_ context.Context, f Fence) error { return e.note("release %d", f) }

func (e *echo) SetState(_ context.Context, f Fence, s State) error {
	return e.note("state %d %+v", f, s)
}

func (e *echo) Stop(_ context.Context, f Fence, s Stop) error { return e.note("stop %d %+v", f, s) }

func (e *echo) Publish(_ context.Context, lane string, w Work) error {
	return e.note("publish %s %s %d %d %q", lane, w.Batch, w.Attempt, w.Round, w.Payload)
}

func (e *echo) Holds(_ context.Context, batch string, attempt int) (bool, error) {
	return true, e.note("holds %s %d", batch, attempt)
}

func (e *echo) Lanes(context.Context) ([]Lane, error) {
	return []Lane{{"a", 1, 2}}, e.note("lanes")
}

func (e *echo) Repair(_ context.Context, lane string) error { return e.note("repair %s", lane) }

func (e *echo) Fetch(ctx context.Context, lanes []string, wait time.Duration) (Lease, error) {
	if wait == 0 {
		<-ctx.Done()
		return Lease{Token: "late"}, e.note("fetch ended")
	}
	return Lease{Token: "t", Lane: lanes[0], Delivery: 2, Work: Work{Batch: "b", Attempt: 1, Fence: 7, Before: 3, Payload: []byte("\x00work")}}, e.note("fetch %v %v", lanes, wait)
}

func (e *echo) Extend(_ context.Context, token string) error { return e.note("extend %s", token) }

func (e *echo) Done(_ context.Context, token string) error { return e.note("done %s", token) }

func (e *echo) Return(_ context.Context, token string, d time.Duration) error {
	return e.note("return %s %v", token, d)
}

func (e *echo) PutResult(_ context.Context, r Result) (Result, error) {
	return r, e.note("put result %s %d %s %s %q", r.Batch, r.Attempt, r.Node, r.Nonce, r.Payload)
}

func (e *echo) GetResult(_ context.Context, batch string, attempt int) (Result, error) {
	return Result{Batch: batch, Attempt: attempt, Payload: []byte("result")}, e.note("get result")
}

func (e *echo) PutOutput(_ context.Context, d Delivery, number int, chunk []byte) error {
	return e.note("put output %+v %d %q", d, number, chunk)
}

func (e *echo) GetOutput(_ context.Context, _ Delivery, number int) ([]byte, error) {
	return make([]byte, number), e.note("get output")
}

func (e *echo) PutBlob(_ context.Context, sum, file string) error {
	return e.note("put blob %s %s", sum, file)
}

func (e *echo) Queued(context.Context) ([]Key, error) {
	return []Key{{"b", 1}}, e.note("queued")
}

func (e *echo) GetWork(_ context.Context, batch string, attempt int) (Work, error) {
	return Work{Batch: batch, Attempt: attempt, Fence: 7, Before: 3, Payload: []byte("\x00work")}, e.note("get work %s %d", batch, attempt)
}

func (e *echo) GetBlob(_ context.Context, sum, file string) error {
	return e.note("get blob %s %s", sum, file)
}

func (e *echo) Announce(_ context.Context, n Node) error { return e.note("announce %+v", n) }

func (e *echo) Leave(context.Context) error { return e.note("leave") }

func (e *echo) Watch(ctx context.Context, kinds Kinds, f func(Event)) error {
	for i := range 3 {
		f(Event{Kind: kinds, Result: Result{Batch: fmt.Sprint(i)}})
	}
	<-ctx.Done()
	return e.note("watch ended")
}

func (e *echo) Close() error { return nil }

// pair returns an engine that serves e over a pipe, and a channel with what Serve returned.
func pair(t *testing.T, e Engine) (Engine, <-chan error) {
	t.Helper()
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), e, far) }() // ends with near
	c, err := Dial(t.Context(), near)
	if err != nil {
		t.Fatal(err)
	}
	return c, served
}

// TestCalls makes each call over a pipe.
func TestCalls(t *testing.T) {
	t.Parallel()
	e := new(echo)
	c, served := pair(t, e)
	ctx := t.Context()
	if c.Terms() != DefaultTerms() {
		t.Errorf("terms %+v", c.Terms())
	}
	facts := Facts{Protocol: 1, Arguments: []string{"-v"}, Seed: -3}
	for _, tc := range []struct {
		want string // the call that the engine sees
		got  func() (any, error)
		ret  any
	}{
		{"run", func() (any, error) { return c.Run(ctx) }, Run{Leader: "n1"}},
		{"lead", func() (any, error) { return c.Lead(ctx, facts) }, Run{Facts: facts, Fence: 7}},
		{"renew 7", func() (any, error) { return c.Renew(ctx, 7) }, Fence(8)},
		{"release 7", func() (any, error) { return nil, c.Release(ctx, 7) }, nil},
		{"state 7 {Phase:done Signal:0 Kill:false Code:1 Verdict:v Reports:{JUnit: Summary:} Numbers:map[n:4] Workers:0 Sick:[] Left:[] Ends:0 Keep:false Survived:[] Counted:[]}", func() (any, error) {
			return nil, c.SetState(ctx, 7, State{Phase: Done, Code: 1, Verdict: "v", Numbers: map[string]int{"n": 4}})
		}, nil},
		{"stop 7 {Batch:b Attempt:1 Quit:true Signal:0 Kill:false Drop:9 Begun:true Stands:true}", func() (any, error) {
			return nil, c.Stop(ctx, 7, Stop{Batch: "b", Attempt: 1, Quit: true, Drop: 9, Begun: true, Stands: true})
		}, nil},
		{`publish long b 1 2 "\x00\xff"`, func() (any, error) {
			return nil, c.Publish(ctx, "long", Work{"b", 1, 2, 7, 3, []byte("\x00\xff")})
		}, nil},
		{"holds b 1", func() (any, error) { return c.Holds(ctx, "b", 1) }, true},
		{"queued", func() (any, error) { return c.Queued(ctx) }, []Key{{"b", 1}}},
		{"get work b 1", func() (any, error) { return c.GetWork(ctx, "b", 1) }, Work{"b", 1, 0, 7, 3, []byte("\x00work")}},
		{"lanes", func() (any, error) { return c.Lanes(ctx) }, []Lane{{"a", 1, 2}}},
		{"repair long", func() (any, error) { return nil, c.Repair(ctx, "long") }, nil},
		{"fetch [x y] 1s", func() (any, error) { return c.Fetch(ctx, []string{"x", "y"}, time.Second) },
			Lease{"t", "x", 2, Work{"b", 1, 0, 7, 3, []byte("\x00work")}, false}},
		{"extend t", func() (any, error) { return nil, c.Extend(ctx, "t") }, nil},
		{"done t", func() (any, error) { return nil, c.Done(ctx, "t") }, nil},
		{"return t 5s", func() (any, error) { return nil, c.Return(ctx, "t", 5*time.Second) }, nil},
		{`put result b 1 n x "r"`, func() (any, error) { return c.PutResult(ctx, Result{"b", 1, "n", "x", []byte("r")}) },
			Result{"b", 1, "n", "x", []byte("r")}},
		{"get result", func() (any, error) { return c.GetResult(ctx, "b", 1) }, Result{Batch: "b", Attempt: 1, Payload: []byte("result")}},
		{`put output {Node:n Batch:b Attempt:1 Delivery:2 Nonce:x} 3 "c"`, func() (any, error) {
			return nil, c.PutOutput(ctx, Delivery{"n", "b", 1, 2, "x"}, 3, []byte("c"))
		}, nil},
		{"get output", func() (any, error) { return c.GetOutput(ctx, Delivery{}, MaxChunk) }, make([]byte, MaxChunk)},
		{"put blob s f", func() (any, error) { return nil, c.PutBlob(ctx, "s", "f") }, nil},
		{"get blob s f", func() (any, error) { return nil, c.GetBlob(ctx, "s", "f") }, nil},
		{"announce {Name:n Slots:4 Holds:[{Batch:b Attempt:1}] Has:[s] Wants:[w] Builds:true Late:2 Survived:[] Drops:[{Key:{Batch:b Attempt:1} Times:2}] Runs:[] Stands:false Ended:0}", func() (any, error) {
			return nil, c.Announce(ctx, Node{Name: "n", Slots: 4, Holds: []Key{{"b", 1}}, Has: []string{"s"}, Wants: []string{"w"}, Builds: true, Late: 2, Drops: []Drop{{Key{"b", 1}, 2}}})
		}, nil},
		{"leave", func() (any, error) { return nil, c.Leave(ctx) }, nil},
	} {
		e.calls = nil
		got, err := tc.got()
		if err != nil || !reflect.DeepEqual(got, tc.ret) {
			t.Errorf("%s: %+v, %v; want %+v", tc.want, got, err, tc.ret)
		}
		if len(e.calls) != 1 || e.calls[0] != tc.want {
			t.Errorf("calls %q, want %q", e.calls, tc.want)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := c.Run(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("a call after Close: %v", err)
	}
}

// TestErrors: errors keep their identity and their text.
func TestErrors(t *testing.T) {
	t.Parallel()
	e := new(echo)
	c, _ := pair(t, e)
	defer c.Close()
	for _, code := range codes {
		e.err = fmt.Errorf("publish: %w: limit 5", code.err)
		if err := c.Publish(t.Context(), "l", Work{}); !errors.Is(err, code.err) || err.Error() != e.err.Error() {
			t.Errorf("%v, want %v", err, e.err)
		}
	}
	e.err = errors.New("another")
	err := c.Publish(t.Context(), "l", Work{})
	if err == nil || err.Error() != "another" || errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	e.err = nil
	if err := c.Publish(t.Context(), "l", Work{Payload: make([]byte, MaxPayload+1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a payload too large: %v", err)
	}
	if _, err := c.GetOutput(t.Context(), Delivery{}, MaxPayload+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an answer too large: %v", err)
	}
	if _, err := c.Run(t.Context()); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// TestCancel: a call that is canceled tells what it did nevertheless, and a watch ends.
func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, served := pair(t, new(echo))
		ctx, cancel := context.WithCancel(t.Context())
		leased := make(chan string)
		go func() { l, err := c.Fetch(ctx, nil, 0); leased <- fmt.Sprint(l.Token, err) }()
		var seen []string
		watched := make(chan error)
		go func() {
			watched <- c.Watch(ctx, ResultEvents, func(e Event) { seen = append(seen, e.Result.Batch) })
		}()
		synctest.Wait()
		if got := strings.Join(seen, " "); got != "0 1 2" {
			t.Errorf("events %s", got)
		}
		cancel()
		if got := <-leased; got != "late<nil>" {
			t.Errorf("fetch: %s", got)
		}
		if err := <-watched; err != nil {
			t.Errorf("watch: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// TestServerEnds: the end of the serving program ends all calls.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- Serve(ctx, new(echo), far) }()
		c, err := Dial(t.Context(), near)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan error)
		go func() { got <- c.Watch(t.Context(), RunEvents, func(Event) {}) }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, ErrClosed) {
			t.Errorf("watch: %v", err)
		}
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Errorf("serve: %v", err)
		}
		if err := c.Announce(t.Context(), Node{}); !errors.Is(err, ErrClosed) {
			t.Errorf("announce: %v", err)
		}
		_ = c.Close()
	})
}

// TestHello: peers that cannot work together say so.
func TestHello(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		peer func(conn net.Conn)
		want error
		text string
	}{
		"refused": {func(conn net.Conn) { _ = Refuse(conn, fmt.Errorf("connect to nats://x: %w", ErrDenied)) }, ErrDenied, "connect to the queue: connect to nats://x: not allowed"},
		"another version": {func(conn net.Conn) {
			_, _ = readFrame(conn)
			_ = writeFrame(conn, frame{header: header{Hello: 99, Terms: new(Terms)}})
		}, ErrTooOld, "version 99"},
		"gone":   {func(conn net.Conn) { _, _ = readFrame(conn); _ = conn.Close() }, ErrClosed, "ended without a word"},
		"noise":  {func(conn net.Conn) { _, _ = readFrame(conn); _, _ = io.WriteString(conn, "usage: cohort-queue ...") }, ErrTooLarge, "read a frame"},
		"no end": {func(conn net.Conn) { _, _ = readFrame(conn) }, context.Canceled, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := net.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				tc.peer(far)
				if tc.want == context.Canceled {
					cancel()
				}
			}()
			if _, err := Dial(ctx, near); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%v", err)
			}
		})
	}
	near, far := net.Pipe()
	served := make(chan error)
	go func() { served <- Serve(t.Context(), new(echo), far) }()
	if err := writeFrame(near, frame{header: header{Hello: wireVersion + 1}}); err != nil {
		t.Fatal(err)
	}
	if f, err := readFrame(near); err != nil || !errors.Is(f.header.err(), ErrTooOld) {
		t.Errorf("%+v, %v", f, err)
	}
	if err := <-served; !errors.Is(err, ErrTooOld) {
		t.Errorf("serve: %v", err)
	}
}

// FuzzReadFrame: whatever comes is read without a panic, and what is accepted is written alike.
func FuzzReadFrame(f *testing.F) {
	for _, h := range []header{{Hello: 1}, {Call: 3, Method: "fetch", Value: []byte(`{"Lanes":["a"]}`)}, {Call: 3, Code: "gone", Text: "x"}} {
		var b bytes.Buffer
		if err := writeFrame(&b, frame{h, []byte("body")}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()-1])
	}
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			got, err := readFrame(r)
			if err != nil {
				if errors.Is(err, io.EOF) && r.Len() > 0 {
					t.Errorf("%d bytes are left", r.Len())
				}
				return
			}
			var b bytes.Buffer
			if err := writeFrame(&b, got); err != nil {
				t.Fatal(err)
			}
			again, err := readFrame(&b)
			if err != nil || !bytes.Equal(again.body, got.body) || again.header.Method != got.header.Method || again.header.Call != got.header.Call {
				t.Errorf("%+v, %v; want %+v", again, err, got)
			}
		}
	})
}

// TestCheckID says which names are possible.
func TestCheckID(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"a": true, "GITHUB-1_2": true, strings.Repeat("x", MaxID): true,
		"": false, strings.Repeat("x", MaxID+1): false, "a.b": false, "a*": false, "a>": false, "a b": false, "é": false, "a/b": false,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
}
