package record

import (
	"bytes"
	"testing"
)

// FuzzReader reads files that are damaged: it says so, or reads them to their ends.
func FuzzReader(f *testing.F) {
	file := write(f, nil, sample)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		if err == nil {
			_, _ = dump(r)
		}
	})
}

// FuzzEvents reads events and processes of any kind in an archive that is whole.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"cohort":"stream","id":0,"attempt":0}`+"\n"+`{"Action":"run"}`+"\n"), []byte(`{"number":1,"tests":[{"name":"T"}]}`))
	f.Add([]byte(`{"cohort":"stdout","base64":"/w=="}`), []byte("{}"))
	f.Add([]byte(`{"cohort":"what"}`), []byte("["))
	f.Fuzz(func(t *testing.T, events, processes []byte) {
		file := write(t, nil, func(w *Writer) Manifest {
			w.hand(eventsKind, bytes.Clone(events))
			w.hand(processesKind, bytes.Clone(processes))
			return Manifest{}
		})
		_, _ = dump(read(t, file))
	})
}

// FuzzStream records bytes in pieces of any size, and reads them again.
func FuzzStream(f *testing.F) {
	f.Add([]byte("{\"Action\":\"run\"}\nplain\n{\"cohort\":1}\r\n\xff\n{"), []byte("err\n\nlast"), byte(3))
	f.Fuzz(func(t *testing.T, stdout, stderr []byte, size byte) {
		file := write(t, nil, func(w *Writer) Manifest {
			s := w.Stream(Attempt{})
			a, b := stdout, stderr
			for len(a)+len(b) > 0 {
				n, m := min(len(a), int(size)+1), min(len(b), int(size)+1)
				_, _ = s.Stdout().Write(a[:n]) // neither fails
				_, _ = s.Stderr().Write(b[:m])
				a, b = a[n:], b[m:]
			}
			return Manifest{}
		})
		var got [2][]byte
		for line, err := range read(t, file).Lines() {
			if err != nil {
				t.Fatal(err)
			}
			if line.Side == Begin {
				continue
			}
			got[line.Side] = append(got[line.Side], line.Text...)
			if !line.Open {
				got[line.Side] = append(got[line.Side], '\n')
			}
		}
		if !bytes.Equal(got[0], stdout) || !bytes.Equal(got[1], stderr) {
			t.Errorf("read %q and %q, want %q and %q", got[0], got[1], stdout, stderr)
		}
	})
}
