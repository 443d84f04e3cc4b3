package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// How files are stored.
const (
	blobChunk = 512 << 10 // bytes; each is one message and one round trip of a reader
	blobWait  = 20 * time.Second
	// blobFresh is how old a stored file may be for this run to count on it: it must outlast the
	// run.
	blobFresh = keep / 2
)

// PutBlob implements remote.Engine.
func (e *engine) PutBlob(ctx context.Context, sum, file string) error {
	op := fmt.Sprintf("store file %s", file)
	info, err := e.stored(ctx, op, sum)
	switch {
	case err == nil && time.Since(info.ModTime) < blobFresh:
		return nil
	case err != nil && !errors.Is(err, remote.ErrGone):
		return err
	}
	// An attempt ends when the server takes nothing any more: see upload.
	err = e.doWithin(ctx, time.Hour, op, metaOf(sum), func(ctx context.Context) error {
		touches(ctx, "$O."+binaryBucket+".C.>")
		return e.upload(ctx, sum, file)
	})
	return e.full(ctx, binaryStream, err)
}

// stored returns what the object store says of a file, or remote.ErrGone.
func (e *engine) stored(ctx context.Context, op, sum string) (info *jetstream.ObjectInfo, err error) {
	err = e.do(ctx, op, "$JS.API.STREAM.INFO."+binaryStream, func(ctx context.Context) error {
		touches(ctx, "$JS.API.DIRECT.GET."+binaryStream+"."+metaOf(sum))
		store, err := e.js.ObjectStore(ctx, binaryBucket)
		if err == nil {
			info, err = store.GetInfo(ctx, sum)
		}
		return err
	})
	return info, err
}

// metaOf is the subject of what the object store says of a file.
func metaOf(sum string) string {
	return "$O." + binaryBucket + ".M." + base64.URLEncoding.EncodeToString([]byte(sum))
}

// upload stores a file, unless it has another sum. It gives up when the server has taken nothing for a
// while.
func (e *engine) upload(ctx context.Context, sum, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(blobWait, func() { cancel(context.DeadlineExceeded) })
	defer idle.Stop()
	touches(ctx, "$JS.API.STREAM.INFO."+binaryStream)
	store, err := e.js.ObjectStore(ctx, binaryBucket)
	if err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	packed, w := io.Pipe()
	var packing sync.WaitGroup
	packing.Go(func() { w.CloseWithError(compressSum(w, f, sum)) }) // ends with the file, or when packed is closed
	_, err = store.Put(ctx, jetstream.ObjectMeta{
		Name: sum, Opts: &jetstream.ObjectMetaOptions{ChunkSize: blobChunk},
	}, &progressReader{packed, idle})
	_ = packed.Close() // never fails
	packing.Wait()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return errors.Join(err, cause)
	}
	return err
}

// compressSum compresses what has a sum, and returns an error once it has read something else.
func compressSum(to io.Writer, from io.Reader, sum string) error {
	hash := sha256.New()
	err := compress(to, io.TeeReader(from, hash))
	if got := hex.EncodeToString(hash.Sum(nil)); err == nil && got != sum {
		err = fmt.Errorf("its SHA-256 is %s, not %s", got, sum)
	}
	return err
}

func compress(to io.Writer, from io.Reader) error {
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	_, err = io.Copy(z, from)
	return errors.Join(err, z.Close())
}

// progressReader puts off the end of a transfer while something is read.
type progressReader struct {
	io.Reader
	idle *time.Timer
}

func (r *progressReader) Read(p []byte) (int, error) {
	r.idle.Reset(blobWait)
	return r.Reader.Read(p)
}

// GetBlob implements remote.Engine. It reads chunk by chunk, so that a machine that only runs tests
// needs no right to make consumers.
func (e *engine) GetBlob(ctx context.Context, sum, file string) error {
	op := fmt.Sprintf("fetch file %s", sum)
	for {
		info, err := e.stored(ctx, op, sum)
		if err != nil {
			return err
		}
		err = e.download(ctx, op, info, sum, file)
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// errMoved says that a file was stored anew while it was read.
var errMoved = errors.New("it was stored anew")

// download writes a stored file to a path and checks its sum.
func (e *engine) download(ctx context.Context, op string, info *jetstream.ObjectInfo, sum, file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	chunks := &chunkReader{ctx: ctx, engine: e, op: op, subject: "$O." + binaryBucket + ".C." + info.NUID, left: info.Chunks, next: 1}
	hash := sha256.New()
	z, err := zstd.NewReader(chunks, zstd.WithDecoderConcurrency(1))
	if err == nil {
		_, err = io.Copy(io.MultiWriter(f, hash), z)
		z.Close()
	}
	err = errors.Join(err, f.Close())
	got := hex.EncodeToString(hash.Sum(nil))
	switch {
	case errors.Is(err, remote.ErrGone) && !errors.Is(err, errMoved):
		return e.moved(ctx, op, info, sum, err)
	case err != nil:
		return fmt.Errorf("%s: %w", op, err)
	case got != sum:
		return fmt.Errorf("%s: its SHA-256 is %s", op, got)
	}
	return nil
}

// moved finds out why a chunk is not there: the file was stored anew, or is gone.
func (e *engine) moved(ctx context.Context, op string, info *jetstream.ObjectInfo, sum string, why error) error {
	now, err := e.stored(ctx, op, sum)
	switch {
	case err != nil:
		return err
	case now.NUID == info.NUID:
		return why
	}
	return fmt.Errorf("%s: %w", op, errMoved)
}

// chunkReader reads the chunks of a stored file, one request for each.
type chunkReader struct {
	ctx     context.Context
	engine  *engine
	op      string
	subject string
	left    uint32 // chunks
	next    uint64 // the sequence from which the next one is looked for
	rest    []byte
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *chunkReader) fetch() error {
	return r.engine.do(r.ctx, r.op, "$JS.API.DIRECT.GET."+binaryStream, func(ctx context.Context) error {
		s, err := r.engine.stream(ctx, binaryStream)
		if err != nil {
			return err
		}
		m, err := s.GetMsg(ctx, r.next, jetstream.WithGetMsgSubject(r.subject))
		if err != nil {
			return err
		}
		r.rest, r.next, r.left = m.Data, m.Sequence+1, r.left-1
		return nil
	})
}
