prelude
import Assay.List
