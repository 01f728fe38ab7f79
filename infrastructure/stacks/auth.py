"""Who comes in: the user pool, its groups, its sign-in pages and the web app's client."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration, SecretValue, aws_cognito
from constructs import Construct

from chalicelib.domain.identity import Role
from infrastructure.rules import accept
from infrastructure.stacks._stack import ProductStack
from infrastructure.stages import PROJECT, Stage

PASSWORD_LENGTH = 12
DEVELOPMENT = "http://localhost:8001/app/"
"""Where the web app is under `make run`; accepted outside prod, and where no origin is set.

Cognito takes plain HTTP for this name alone (developer guide, app client settings, 2026-11-21).
"""
LINKEDIN = "https://www.linkedin.com/oauth"
"""Issuer of Sign In with LinkedIn (OpenID Connect)."""


class OmnichannelAuthStack(ProductStack):
    """User pool, groups, managed login and the web app's client."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, stage)
        self.pool = self._pool()
        for role in Role:
            aws_cognito.CfnUserPoolGroup(
                self,
                f"Group{role.value.title().replace('_', '')}",
                user_pool_id=self.pool.user_pool_id,
                group_name=role.value,
            )
        self.domain = f"{PROJECT}-{stage.name}-{Aws.ACCOUNT_ID}"
        domain = aws_cognito.CfnUserPoolDomain(
            self,
            "Domain",
            user_pool_id=self.pool.user_pool_id,
            domain=self.domain,
            managed_login_version=2,
        )
        providers = [*self._google(), *self._linkedin(), *self._github()]
        self.client = self._client([provider.ref for provider in providers])
        pool, client = self.pool.user_pool_arn, self.client.ref
        CfnOutput(self, "UserPoolArn", value=pool, export_name=stage.export("user-pool"))
        CfnOutput(self, "ClientId", value=client, export_name=stage.export("client"))
        pages = self.sign_in_url
        CfnOutput(self, "SignInUrl", value=pages, export_name=stage.export("sign-in"))
        branding = aws_cognito.CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=self.pool.user_pool_id,
            client_id=self.client.ref,
            use_cognito_provided_values=True,
        )
        branding.add_resource_dependency(domain)

    @property
    def sign_in_url(self) -> str:
        """Return the address of the sign-in pages."""
        return f"https://{self.domain}.auth.{Aws.REGION}.amazoncognito.com"

    def _pool(self) -> aws_cognito.UserPool:
        pool = aws_cognito.UserPool(
            self,
            "Pool",
            user_pool_name=f"{PROJECT}-{self.stage.name}",
            self_sign_up_enabled=False,
            sign_in_aliases=aws_cognito.SignInAliases(email=True, username=True),
            auto_verify=aws_cognito.AutoVerifiedAttrs(email=True),
            account_recovery=aws_cognito.AccountRecovery.EMAIL_ONLY,
            mfa=aws_cognito.Mfa.OPTIONAL,
            mfa_second_factor=aws_cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=aws_cognito.PasswordPolicy(
                min_length=PASSWORD_LENGTH,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            deletion_protection=self.stage.retain,
            removal_policy=self.removal,
        )
        accept(
            pool,
            "Members of a community: a second factor is theirs to choose.",
            "AwsSolutions-COG2",
        )
        accept(
            pool,
            "Threat protection needs the Plus plan, which costs per member and month.",
            "AwsSolutions-COG3",
            "AwsSolutions-COG8",
        )
        return pool

    def _google(self) -> list[aws_cognito.CfnUserPoolIdentityProvider]:
        name = self.stage.google_secret
        if not name:
            return []
        details = {**_credentials(name), "authorize_scopes": "openid email profile"}
        return [self._provider("Google", "Google", details)]

    def _linkedin(self) -> list[aws_cognito.CfnUserPoolIdentityProvider]:
        name = self.stage.linkedin_secret
        if not name:
            return []
        details = {
            **_credentials(name),
            "authorize_scopes": "openid email profile",
            "oidc_issuer": LINKEDIN,
            "attributes_request_method": "GET",
        }
        return [self._provider("LinkedIn", "OIDC", details)]

    def _github(self) -> list[aws_cognito.CfnUserPoolIdentityProvider]:
        """Offer our own bridge. Its doors are named: while this is made, it is not there to ask."""
        name, issuer = self.stage.github_secret, self.stage.github_issuer
        if not name:
            return []
        details = {
            **_credentials(name),
            "authorize_scopes": "openid email profile",
            "oidc_issuer": issuer,
            "attributes_request_method": "GET",
            "authorize_url": f"{issuer}/authorize",
            "token_url": f"{issuer}/token",
            "attributes_url": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
        }
        return [self._provider("GitHub", "OIDC", details)]

    def _provider(
        self, name: str, kind: str, details: dict[str, str]
    ) -> aws_cognito.CfnUserPoolIdentityProvider:
        return aws_cognito.CfnUserPoolIdentityProvider(
            self,
            name,
            user_pool_id=self.pool.user_pool_id,
            provider_name=name,
            provider_type=kind,
            provider_details=details,
            attribute_mapping={"email": "email", "name": "name"},
        )

    def _client(self, providers: list[str]) -> aws_cognito.CfnUserPoolClient:
        """Make the web app's client: authorization code, and PKCE because it can keep no secret."""
        places = [f"{origin.rstrip('/')}/" for origin in self.stage.origins]
        if self.stage.name != "prod" or not places:
            places.append(DEVELOPMENT)
        return aws_cognito.CfnUserPoolClient(
            self,
            "WebClient",
            user_pool_id=self.pool.user_pool_id,
            client_name=f"{PROJECT}-{self.stage.name}-web",
            generate_secret=False,
            allowed_o_auth_flows_user_pool_client=True,
            allowed_o_auth_flows=["code"],
            allowed_o_auth_scopes=["openid", "email", "profile"],
            callback_ur_ls=places,
            logout_ur_ls=places,
            supported_identity_providers=["COGNITO", *providers],
            explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            id_token_validity=60,
            access_token_validity=60,
            refresh_token_validity=30,
            token_validity_units=aws_cognito.CfnUserPoolClient.TokenValidityUnitsProperty(
                id_token="minutes", access_token="minutes", refresh_token="days"
            ),
        )


def _credentials(name: str) -> dict[str, str]:
    """Return what CloudFormation itself fetches from the secret: it never stands in a template."""
    fields = ("client_id", "client_secret")
    return {
        field: SecretValue.secrets_manager(name, json_field=field).unsafe_unwrap()
        for field in fields
    }
