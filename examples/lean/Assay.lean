prelude
import Assay.Core
import Assay.Nat
