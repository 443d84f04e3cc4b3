package scheduler

import (
	"github.com/gotestcohort/cohort/grouping"
)

// shareError says why it cannot be told what this run takes of a package.
type shareError string

func (e shareError) Error() string { return string(e) }

// takeShare leaves of a selection what this run takes of the package, if it is a shard. An error is a
// shareError: then nothing of the package may run.
func (s *suite) takeShare(c *Config, sel *grouping.Selection) error {
	if c.Shard == nil {
		return nil
	}
	job, planned := c.Shard[s.path]
	switch {
	case !planned:
		return shareError("the shard plan does not give it to this shard")
	case job.Whole():
		return nil
	case s.list.TestMain && !s.manner.splitTestMain:
		return shareError("the shard plan divides it, and it has a TestMain: make a new one")
	}
	var wrong error
	sel.Keep(func(u grouping.Unit) bool {
		takes, err := job.Takes(u.Names())
		if wrong == nil && err != nil {
			wrong = shareError(err.Error())
		}
		return takes
	})
	return wrong
}

// refuse fails a package of which it is not known which tests run: what --label leaves out, or what
// another shard has, must not run.
func (s *suite) refuse(c *Config) {
	flag := ""
	switch {
	case c.Label != nil:
		flag = "--label"
	case s.list == nil && len(c.pieces()) > 0, s.list != nil && c.Shard != nil && !c.Shard[s.path].Whole():
		flag = "--shard"
	default:
		return
	}
	s.reject(flag + " cannot be used with it: the arguments of its binary, or the binary, do not show which tests run")
}

// reject fails the package without running it.
func (s *suite) reject(why string) {
	s.account.Fail(why)
	s.account.Drop()
}
