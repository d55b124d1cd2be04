prelude
import Assay.List
import Assay.Macro
