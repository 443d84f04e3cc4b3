package scheduler

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// keepCoverage keeps what the first attempt has covered: reruns are added to it.
func (s *suite) keepCoverage() error {
	if name := s.binary.UserProfile(); name != "" {
		return s.cover.first(name)
	}
	var errs []error
	for _, name := range s.files.profiles {
		errs = append(errs, s.cover.first(name))
	}
	return errors.Join(errs...)
}

// mergeCoverage adds the processes' coverage up to the profile that the go
// command expects at path, and returns the line with the percentage.
func (f *suiteFiles) mergeCoverage(path string) (string, error) {
	var profile gotest.Profile
	count := 0
	for _, name := range f.withList() {
		err := addProfile(&profile, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a process that died, or that ran nothing: as in go test, it covers nothing
		}
		if err != nil {
			return "", err
		}
		count++
	}
	if count == 0 {
		return "", nil
	}
	if f.baseline != "" && profile.Counts() {
		var base gotest.Profile
		if err := addProfile(&base, f.baseline); err != nil {
			return "", err
		}
		profile.Subtract(&base, count-1)
	}
	if err := writeProfile(&profile, path); err != nil {
		return "", err
	}
	if !f.hasCoverage {
		return "", nil
	}
	return profile.Percent(f.coverage), nil
}

// told takes whether the process that had the list of packages has told of them.
func (s *suite) told(j *job, r *worker.Result) {
	f := &s.files
	if f.list != listOnce || r.Profiled || len(f.profiles) == 0 || j.Files.Profile != f.profiles[0] {
		return
	}
	f.list = listLost
	s.account.AskBaseline()
}

// withList returns the profiles to be added up, first of all one that is about all packages.
func (f *suiteFiles) withList() []string {
	if f.list == listLost && f.baseline != "" {
		return slices.Concat([]string{f.baseline}, f.profiles)
	}
	return f.profiles
}

// writeProfile writes a profile to the file at path, "" for none.
func writeProfile(p *gotest.Profile, path string) error {
	if path == "" {
		return nil
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = p.WriteTo(out)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write coverage profile: %w", err)
	}
	return nil
}

// baselineDir is the folder of raw coverage data of the process without tests, "" for none.
func (f *suiteFiles) baselineDir() string {
	if f.baseline == "" {
		return ""
	}
	return f.baseline + "dir"
}

// mergeCoverDirs adds the processes' raw coverage data up to one process's in the user's folder, ""
// for none. One process of all tests has put it there itself.
func (f *suiteFiles) mergeCoverDirs(to string) error {
	if to == "" || len(f.coverDirs) == 0 {
		return nil
	}
	return gotest.MergeCoverDirs(to, f.coverDirs, f.baselineDir())
}

// addRerun adds what a rerun has covered to the first attempt's.
func (s *suite) addRerun(j *job) error {
	err := s.cover.add(j.Files.Profile)
	if to := s.binary.UserCoverDir(); err == nil && to != "" && j.Files.CoverDir != "" {
		err = gotest.MergeCoverDirs(to, []string{j.Files.CoverDir}, "")
	}
	return err
}
