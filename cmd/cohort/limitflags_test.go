package main

import "testing"

// TestSizeValue reads sizes and prints them as short as they can be written.
func TestSizeValue(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"0": "0", "1": "1", "1024": "1KiB", "1536": "1536", "512KiB": "512KiB", "8MiB": "8MiB", "1024MiB": "1GiB", "2GiB": "2GiB", "0MiB": "0",
		"": "", "MiB": "", "-1": "", "1.5MiB": "", "1 MiB": "", "8MB": "", "8mib": "", "99999999999GiB": "", "1KiBMiB": "",
	} {
		var v sizeValue
		err := v.Set(raw)
		if got := v.String(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s, %v, want %q", raw, got, err, want)
		}
	}
}
