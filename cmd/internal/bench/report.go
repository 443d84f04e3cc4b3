package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report prints a table: a line for each contestant, and how many times faster than the first one it was.
func report(out io.Writer, name string, t table, samples [][]sample) error {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "\n%s: %s (%d rounds)\n", name, t.title, len(samples[0]))
	w := tabwriter.NewWriter(&buf, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "  \tmedian\tmin..max\ttimes faster\tCPU\tpeak memory\t\n")
	for i, c := range t.contestants {
		times := durations(samples[i])
		fmt.Fprintf(w, "  %s\t%s\t%s..%s\t%s\t%s\t%s\t\n", c.name, short(median(times)),
			short(slices.Min(times)), short(slices.Max(times)),
			speedup(durations(samples[0]), times, i == 0),
			short(median(cpu(samples[i]))), megabytes(samples[i]))
	}
	if t.bound > 0 {
		fmt.Fprintf(w, "  bound\t%s\t\t\t\t\t\n", short(t.bound))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if t.bound > 0 {
		buf.WriteString("  time over the bound:")
		for i, c := range t.contestants {
			fmt.Fprintf(&buf, " %s %.2f", c.name, ratio(median(durations(samples[i])), t.bound))
			if i < len(t.contestants)-1 {
				buf.WriteByte(',')
			}
		}
		buf.WriteByte('\n')
	}
	_, err := out.Write(buf.Bytes())
	return err
}

func durations(samples []sample) []time.Duration {
	var d []time.Duration
	for _, s := range samples {
		d = append(d, s.time)
	}
	return d
}

func cpu(samples []sample) []time.Duration {
	var d []time.Duration
	for _, s := range samples {
		d = append(d, s.cpu)
	}
	return d
}

// speedup returns the median and the spread of base/own, pairwise: the two of one round met the same machine.
func speedup(base, own []time.Duration, self bool) string {
	if self {
		return "1"
	}
	var ratios []float64
	for i := range own {
		ratios = append(ratios, ratio(base[i], own[i]))
	}
	if len(ratios) == 1 {
		return fmt.Sprintf("%.2f", ratios[0])
	}
	return fmt.Sprintf("%.2f (%.2f..%.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

// median returns the middle of values, the mean of the two middle ones if their number is even. It panics without values.
func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.SortedFunc(slices.Values(values), cmp.Compare[T])
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// short prints a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

// megabytes prints the largest peak of the samples.
func megabytes(samples []sample) string {
	var peak int64
	for _, s := range samples {
		peak = max(peak, s.memory)
	}
	if peak == 0 {
		return "?"
	}
	return fmt.Sprintf("%d MB", peak/1e6)
}
