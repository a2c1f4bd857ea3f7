// For one client: says in its tokens which tenant they are for, as the tenants'
// service has it.
module.exports = async function (context) {
  const { client, access_token } = context;
  const tenant = client.metadata?.tenant;
  if (!tenant) throw new Error(`client ${client.client_id} has no tenant`);
  const response = await fetch(`https://tenants.example.com/tenants/${encodeURIComponent(tenant)}?${new URLSearchParams({ key: context.secrets.TENANTS_KEY })}`);
  if (response.status === 404) throw new Error(`there is no tenant ${tenant}`);
  const { plan, region } = await response.json();
  return {
    access_token: { tenant, plan, aud: [...[].concat(access_token.aud ?? []), `https://${region}.api.example.com`] },
  };
};
