package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// TestBlobs: files are stored once under the sum of their content, and a wrong sum is noticed.
func TestBlobs(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	dir := t.TempDir()
	content := make([]byte, 3*blobChunk+17)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content) // never fails
	for name, data := range map[string][]byte{"large": content, "small": []byte("x"), "empty": {}} {
		file := filepath.Join(dir, name)
		ok(t, os.WriteFile(file, data, 0o600))
		sum := sumOf(data)
		if err := lead.GetBlob(ctx, sum, file+".got"); !errors.Is(err, remote.ErrGone) {
			t.Errorf("%s before it is stored: %v", name, err)
		}
		ok(t, lead.PutBlob(ctx, sum, file))
		ok(t, lead.PutBlob(ctx, sum, file))
		ok(t, lead.GetBlob(ctx, sum, file+".got"))
		if got, err := os.ReadFile(file + ".got"); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if err := lead.PutBlob(ctx, sumOf([]byte("other")), file); err == nil || !strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("%s under a wrong sum: %v", name, err)
		}
	}
	if err := lead.PutBlob(ctx, sumOf([]byte("none")), filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there is stored")
	}
	// What is stored under a sum is not what it should be.
	store, err := lead.js.ObjectStore(ctx, binaryBucket)
	ok(t, err)
	wrong := sumOf([]byte("wrong"))
	var packed bytes.Buffer
	ok(t, compress(&packed, strings.NewReader("something else")))
	_, err = store.PutBytes(ctx, wrong, packed.Bytes())
	ok(t, err)
	if err := lead.GetBlob(ctx, wrong, filepath.Join(dir, "wrong")); err == nil || errors.Is(err, remote.ErrGone) || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another content: %v", err)
	}
}

// TestBlobMoves: a file that is stored anew while it is read is read anew, and one that goes is
// gone.
func TestBlobMoves(t *testing.T) {
	t.Parallel()
	address, _ := serving(t)
	lead, _ := led(t, address, "r1")
	ctx := limit(t)
	name := file(t, "binary")
	sum := sumOf([]byte("binary"))
	ok(t, lead.PutBlob(ctx, sum, name))
	before, err := lead.stored(ctx, "look", sum)
	ok(t, err)
	ok(t, lead.upload(ctx, sum, name))
	if err := lead.download(ctx, "read", before, sum, name+".got"); !errors.Is(err, errMoved) {
		t.Errorf("stored anew: %v", err)
	}
	ok(t, lead.GetBlob(ctx, sum, name+".got"))
	after, err := lead.stored(ctx, "look", sum)
	ok(t, err)
	store, err := lead.js.ObjectStore(ctx, binaryBucket)
	ok(t, err)
	ok(t, store.Delete(ctx, sum))
	if err := lead.download(ctx, "read", after, sum, name+".got"); !errors.Is(err, remote.ErrGone) || errors.Is(err, errMoved) {
		t.Errorf("removed: %v", err)
	}
	if err := lead.GetBlob(ctx, sum, name+".got"); !errors.Is(err, remote.ErrGone) {
		t.Errorf("removed: %v", err)
	}
	ok(t, lead.PutBlob(ctx, sum, name)) // it is stored again
	ok(t, lead.GetBlob(ctx, sum, name+".got"))
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
