// TypeScript: checks an order against the limits of the caller's contract, which a
// billing service knows.
import { createHmac } from "node:crypto";

interface Order {
  customer: string;
  amount: number;
  currency: "EUR" | "USD";
}

type Verdict = { approved: true; remaining: number } | { approved: false; reason: string };

enum Status {
  Active = "active",
  Suspended = "suspended",
}

const rates: Record<Order["currency"], number> = { EUR: 1, USD: 0.9 } as const;

async function contractOf(context: Context<Order>) {
  const { customer } = context.input;
  const response = await fetch(`https://billing.example.com/contracts/${customer}`, {
    headers: { "x-signature": createHmac("sha256", context.secrets.BILLING_KEY).update(customer).digest("hex") },
  });
  if (!response.ok) throw new Error(`billing answered ${response.status}`);
  return (await response.json()) as { status: Status; limit: number };
}

export default async function (context: Context<Order>): Promise<Verdict> {
  const { status, limit } = await contractOf(context);
  if (status !== Status.Active) return { approved: false, reason: `the contract is ${status}` };
  const remaining = limit - context.input.amount * rates[context.input.currency];
  return remaining >= 0 ? { approved: true, remaining } : { approved: false, reason: "over the limit" };
}
