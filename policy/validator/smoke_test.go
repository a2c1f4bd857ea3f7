package validator_test
import ("testing";"context";"github.com/reticent/reticent/policy/validator";"github.com/reticent/reticent/policy/jsonvalue";"github.com/reticent/reticent/secretstore/seal";"github.com/reticent/reticent/secretstore/seal/sealtest")
func BenchmarkOneField(b *testing.B){
 for name,doc:=range map[string]string{"literal":`[{"name":"identity-context","conf":{"fields":[{"field":"sub","comparator":"equals","value":"alice"}]}}]`,
 "secret":`[{"name":"header","conf":{"fields":[{"field":"X-Api-Key","comparator":"equals","secret":"API_KEY"}]}}]`} {
 b.Run(name, func(b *testing.B){
 p,err:=validator.Compile([]byte(doc)); if err!=nil{b.Fatal(err)}
 set:=sealtest.Set(b, map[string]any{"API_KEY":"kM4tq8Zr1vXw9Lb3Nc7d"})
 pol,err:=p.Bind(set,nil); if err!=nil{b.Fatal(err)}
 in,_:=jsonvalue.Decode([]byte(`{"authn_ctx":{"sub":"alice"},"request":{"headers":{"Accept":["x"],"X-Api-Key":["kM4tq8Zr1vXw9Lb3Nc7d"],"Host":["x"]}}}`))
 b.ReportAllocs()
 for b.Loop(){ if r:=pol.Evaluate(context.Background(),in,seal.Options{}); !r.Decision {b.Fatal(r)} }
 })}
}
