package names

import "testing"

type localSuite struct{}

func (localSuite) TestLocalMethod(t *testing.T) { t.Fatal("this must not run") }

func (*localSuite) TestPointerMethod(t *testing.T) { t.Fatal("this must not run") }

func (localSuite) BenchmarkMethod(b *testing.B) { b.Fatal("this must not run") }

// Testlower is a helper: the letter after Test is lower case.
func Testlower(s string) string { return s }

// testSmall is a helper: it begins with a small letter.
func testSmall(t *testing.T) { t.Helper() }

// TestdataDir is a helper, too.
func TestdataDir() string { return "testdata" }

func Test(t *testing.T) { t.Log("the shortest name of a test") }

func Test_underscore(t *testing.T) { testSmall(t) }

func Test1(t *testing.T) { t.Log(Testlower("digit")) }

func TestÄnderung(t *testing.T) { t.Log(TestdataDir()) }

func Test世界(t *testing.T) {}

var TestVariable = func(t *testing.T) { t.Fatal("this must not run") }

type TestType struct{}

func TestClosure(t *testing.T) {
	TestInner := func(t *testing.T) { t.Log("a local variable") }
	t.Run("inner", TestInner)
}
