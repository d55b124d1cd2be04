prelude
import Assay.Core
/-! What grammar, notation and macros are made of. -/

structure Char where
  code : Nat

-- Literals stand for these two, for the kernel as well.
@[extern "lean_uint32_of_nat"] def Char.ofNat (n : Nat) : Char := ⟨n⟩

structure String where
  ofList ::
  toList : List Char

structure Array (α : Type u) where
  mk ::
  toList : List α

namespace Lean

inductive Name where
  | anonymous
  | str (pre : Name) (str : String)
  | num (pre : Name) (i : Nat)

instance : Inhabited Name := ⟨.anonymous⟩

-- Lean keeps a hash in every name, so that only its own code may make one.
@[extern] opaque Name.str._override (p : Name) (a : String) : Name
@[extern] opaque Name.num._override (p : Name) (a : Nat) : Name
@[inline] def Name.mkStr (p : Name) (a : String) : Name := str._override p a
@[inline] def Name.mkNum (p : Name) (a : Nat) : Name := num._override p a
@[extern] opaque Name.mkStr1 (a : String) : Name
@[extern] opaque Name.mkStr2 (a b : String) : Name
@[extern] opaque Name.mkStr3 (a b c : String) : Name
@[extern] opaque Name.mkStr4 (a b c d : String) : Name
@[extern] opaque Name.mkStr5 (a b c d e : String) : Name
@[extern] opaque Name.mkStr6 (a b c d e f : String) : Name
@[extern] opaque Name.mkStr7 (a b c d e f g : String) : Name
@[extern] opaque Name.mkStr8 (a b c d e f g h : String) : Name

abbrev SyntaxNodeKind := Name

inductive ParserDescr where
  | const (name : Name)
  | unary (name : Name) (p : ParserDescr)
  | binary (name : Name) (p q : ParserDescr)
  | node (kind : SyntaxNodeKind) (prec : Nat) (p : ParserDescr)
  | trailingNode (kind : SyntaxNodeKind) (prec lhsPrec : Nat) (p : ParserDescr)
  | symbol (val : String)
  | nonReservedSymbol (val : String) (includeIdent : Bool)
  | cat (catName : Name) (rbp : Nat)
  | parser (declName : Name)
  | nodeWithAntiquot (name : String) (kind : SyntaxNodeKind) (p : ParserDescr)
  | sepBy (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | sepBy1 (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool)
  | unicodeSymbol (val asciiVal : String) (preserveForPP : Bool)

abbrev TrailingParserDescr := ParserDescr

structure Parser.Category where

instance : Inhabited ParserDescr := ⟨.symbol ""⟩

structure SourceInfo.Place where
  byte : Nat

structure SourceInfo.Text where
  source : String
  start : SourceInfo.Place
  stop : SourceInfo.Place

inductive SourceInfo where
  | original (leading : SourceInfo.Text) (start : SourceInfo.Place) (trailing : SourceInfo.Text)
    (stop : SourceInfo.Place)
  | synthetic (start stop : SourceInfo.Place) (canonical : Bool)
  | none

inductive Syntax.Preresolved where
  | namespace (name : Name)
  | decl (name : Name) (fields : List String)

inductive Syntax where
  | missing
  | node (info : SourceInfo) (kind : SyntaxNodeKind) (args : Array Syntax)
  | atom (info : SourceInfo) (val : String)
  | ident (info : SourceInfo) (rawVal : SourceInfo.Text) (val : Name)
    (preresolved : List Syntax.Preresolved)

abbrev SyntaxNodeKinds := List SyntaxNodeKind

structure TSyntax (kinds : SyntaxNodeKinds) where
  raw : Syntax

/-! What macros run in: they read a context, which is Lean's own business, and count their names. -/

inductive Macro.Exception where
  | error (ref : Syntax) (message : String)
  | unsupportedSyntax

opaque Macro.Context : Type
opaque Macro.State : Type

inductive Macro.Result (ε α : Type) where
  | ok (value : α) (state : Macro.State)
  | error (exception : ε) (state : Macro.State)

abbrev Macro.Run (ε α : Type) := Macro.Context → Macro.State → Macro.Result ε α

def MacroM (α : Type) := Macro.Run Macro.Exception α

abbrev Macro := Syntax → MacroM Syntax

def PrettyPrinter.UnexpandM (α : Type) := Macro.Run Unit α

abbrev PrettyPrinter.Unexpander := Syntax → PrettyPrinter.UnexpandM Syntax

instance : Inhabited (MacroM Syntax) := ⟨fun _ state => .ok .missing state⟩
instance : Inhabited (PrettyPrinter.UnexpandM Syntax) := ⟨fun _ state => .ok .missing state⟩

end Lean
