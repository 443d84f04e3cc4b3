package usage

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// ParseDuration reads a duration of zero or more: a number of seconds, or one with
// units as [time.ParseDuration] takes them.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if seconds, ferr := strconv.ParseFloat(text, 64); ferr == nil {
		// Also refuses NaN; the bound keeps the product inside an int64.
		if !(math.Abs(seconds) < math.MaxInt64/float64(time.Second)) {
			return 0, errors.New("must be a number of seconds or a duration")
		}
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil {
		return 0, errors.New("must be a number of seconds or a duration such as 0.5, 2 or 1m30s")
	}
	if d < 0 {
		return 0, errors.New("cannot be negative")
	}
	return d, nil
}
